/**
 * Writes src/tensor/ops.generated.ts: one typed function per line of native/ops.json, from the schemas that the
 * built addon's libtorch reports. `--check` only compares. Run after changing native/ops.json.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const at = (path) => new URL(`../${path}`, import.meta.url);
const addon = createRequire(import.meta.url)(at('native/build/mvhybrid.node').pathname);
const names = JSON.parse(readFileSync(at('native/ops.json'), 'utf8'));

// Arguments that say nothing to a user of this package: every tensor here is strided and not pinned.
const HIDDEN = new Set(['layout', 'pin_memory', 'memory_format', 'non_blocking', 'cudnn_enable']);

const camel = (text) => text.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

/** TypeScript type and how the value is handed over, by the schema's type. */
function typeOf(schemaType, name) {
  const optional = schemaType.endsWith('?');
  const plain = optional ? schemaType.slice(0, -1) : schemaType;
  const base = plain.replace(/\(.*?\)/g, '');
  // The schema text says `int` where the operator means a dtype; the argument's name tells them apart.
  if (base === 'ScalarType' || name === 'dtype') return ['Dtype', (v) => `dtypeCode(${v})`, optional];
  if (base === 'Tensor') return ['Tensor', (v) => `${v}.handle`, optional];
  if (base === 'Tensor[]') return ['readonly Tensor[]', (v) => `handles(${v})`, false];
  if (/^(Sym)?[Ii]nt\[\d+\]$/.test(base) || /^float\[\d*\]$/.test(base) || /^(Sym)?[Ii]nt\[\]$/.test(base))
    return ['readonly number[]', (v) => v, optional];
  if (base === 'bool') return ['boolean', (v) => v, optional];
  if (base === 'str') return ['string', (v) => v, optional];
  if (base === 'Device') return ['Device', (v) => v, optional];
  if (base === 'Generator') return ['Generator', (v) => `${v}.handle`, optional];
  if (['int', 'SymInt', 'float', 'Scalar', 'number'].includes(base)) return ['number', (v) => v, optional];
  throw new Error(`no TypeScript type for the schema type ${schemaType} of ${name}`);
}

/** Splits at commas outside brackets and quotes. */
function splitArguments(text) {
  const parts = [''];
  let depth = 0;
  for (const c of text) {
    if ('([{'.includes(c)) depth++;
    if (')]}'.includes(c)) depth--;
    if (c === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += c;
  }
  return parts.map((p) => p.trim()).filter((p) => p !== '' && p !== '*');
}

function parseSchema(schema) {
  const arrow = schema.lastIndexOf(' -> ');
  const list = schema.slice(schema.indexOf('(') + 1, schema.lastIndexOf(')', arrow));
  const args = splitArguments(list).map((part) => {
    const [, type, name, fallback] = /^(\S+(?:\(.*?\))?\S*) (\w+)(?:=(.*))?$/.exec(part);
    return { type, name, fallback };
  });
  return { args, result: schema.slice(arrow + 4).trim() };
}

function resultOf(result) {
  if (result === '()') return ['void', ''];
  const plain = result.replace(/\([a-z!| ->*]*\)(?=\[|$|,|\)| )/g, '');
  if (plain.startsWith('Tensor[]')) return ['Tensor[]', 'adoptAll'];
  if (plain.startsWith('(')) {
    const n = plain.split(',').length;
    return [`[${Array(n).fill('Tensor').join(', ')}]`, `adoptTuple`];
  }
  return ['Tensor', 'adopt'];
}

function functionText(name, qualified) {
  const [op, overload = ''] = qualified.split('.');
  const schema = addon.schema(op, overload);
  if (schema === undefined) throw new Error(`this libtorch has no operator ${qualified}`);
  const { args, result } = parseSchema(schema);
  const required = args.filter((a) => a.fallback === undefined && !HIDDEN.has(a.name));
  const options = args.filter((a) => a.fallback !== undefined && !HIDDEN.has(a.name));
  const inPlace = /^Tensor\(a!\)/.test(result);
  const pass = args.map((a) => {
    if (HIDDEN.has(a.name)) return 'undefined';
    const [, convert, optional] = typeOf(a.type, a.name);
    const isOption = a.fallback !== undefined;
    const value = isOption ? `options.${camel(a.name)}` : camel(a.name);
    const converted = convert(value);
    if (converted === value) return value;
    if (!isOption && !optional) return converted;
    if (converted.endsWith('.handle')) return converted.replace(/\.handle$/, '?.handle');
    return `${value} === undefined ? undefined : ${converted}`;
  });
  while (pass.at(-1) === 'undefined') pass.pop();
  const params = required.map((a) => {
    const [type, , optional] = typeOf(a.type, a.name);
    return `${camel(a.name)}: ${type}${optional ? ' | undefined' : ''}`;
  });
  if (options.length > 0) {
    const fields = options.map((a) => `${camel(a.name)}?: ${typeOf(a.type, a.name)[0]} | undefined`);
    params.push(`options: { ${fields.join('; ')} } = {}`);
  }
  const [type, adopt] = resultOf(result);
  const shown = schema.replace(/\s+/g, ' ');
  const head = `/** \`${shown}\` */\nexport function ${name}(${params.join(', ')}): ${type} {`;
  const constant = `OP_${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`;
  const call = `invoke(${constant}, [${pass.join(', ')}])`;
  let body = `  return ${adopt}(${call});`;
  if (inPlace) body = `  release(${call});\n  return self;`;
  if (type === 'void') body = `  ${call};`;
  return [`const ${constant} = operator('${op}', '${overload}');`, `${head}\n${body}\n}`];
}

const made = Object.entries(names).map(([name, qualified]) => functionText(name, qualified));
const helpers = ['adopt', 'adoptAll', 'adoptTuple', 'handles', 'invoke', 'operator', 'release'];
const body = made.map(([, text]) => text).join('\n\n');
const used = helpers.filter((h) => new RegExp(`\\b${h}\\(`).test(body + made[0][0]));
const text = `// Written by scripts/generate-ops.mjs from native/ops.json. Do not edit.
import type { Device } from './device.ts';
import { type Dtype, dtypeCode } from './dtype.ts';
import type { Generator } from './generator.ts';
import { ${used.join(', ')} } from './invoke.ts';
import type { Tensor } from './tensor.ts';

${made.map(([constant]) => constant).join('\n')}

${body}
`;

const target = at('src/tensor/ops.generated.ts');
if (process.argv.includes('--check')) {
  const same = readFileSync(target, 'utf8').replace(/\s+/g, '') === text.replace(/\s+/g, '');
  if (!same)
    process.stderr.write(
      'src/tensor/ops.generated.ts does not match native/ops.json; run node scripts/generate-ops.mjs\n',
    );
  process.exit(same ? 0 : 1);
}
writeFileSync(target, text);
