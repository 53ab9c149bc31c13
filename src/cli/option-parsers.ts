/** Option values: from text to checked numbers and lists, with one clear sentence otherwise. */
import { InvalidArgumentError } from 'commander';

/** Any finite number. */
export function numberOf(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** A whole number of 1 or more. */
export function positiveInteger(text: string): number {
  const value = numberOf(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number of 1 or more.');
  return value;
}

/** A whole number of 0 or more. */
export function wholeNumber(text: string): number {
  const value = numberOf(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('It must be a whole number of 0 or more.');
  return value;
}

/** A number above 0. */
export function positiveNumber(text: string): number {
  const value = numberOf(text);
  if (value <= 0) throw new InvalidArgumentError('It must be above 0.');
  return value;
}

/** A number from 0 to 1. */
export function fraction(text: string): number {
  const value = numberOf(text);
  if (value < 0 || value > 1) throw new InvalidArgumentError('It must lie between 0 and 1.');
  return value;
}

/** Side of an encoder input: a multiple of 16 pixels. */
export function inputSide(text: string): number {
  const value = positiveInteger(text);
  if (value % 16 !== 0)
    throw new InvalidArgumentError(`It must be a multiple of 16 pixels, e.g. ${Math.ceil(value / 16) * 16}.`);
  return value;
}

/** `x,y,width,height` in whole pixels. */
export function rectangle(text: string): { x: number; y: number; width: number; height: number } {
  const [x, y, width, height, ...more] = text.split(',').map(numberOf);
  const isWhole = [x, y, width, height].every(Number.isSafeInteger) && more.length === 0;
  if (!isWhole || width! < 1 || height! < 1)
    throw new InvalidArgumentError('It must be x,y,width,height in whole pixels, e.g. 8000,12000,4000,4000.');
  return { x: x!, y: y!, width: width!, height: height! };
}

/** Names between commas. */
export function nameList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) throw new InvalidArgumentError('It must be names between commas.');
  return names;
}

/** Whole numbers of 1 or more, between commas. */
export function positiveIntegerList(text: string): number[] {
  return nameList(text).map(positiveInteger);
}

/** Names between commas, each one of `allowed`. */
export function choiceList<T extends string>(allowed: readonly T[]): (text: string) => T[] {
  return (text) => {
    const names = nameList(text);
    const unknown = names.find((name) => !(allowed as readonly string[]).includes(name));
    if (unknown === undefined) return names as T[];
    throw new InvalidArgumentError(`"${unknown}" is none of ${allowed.join(', ')}.`);
  };
}

/** `hest`, `cv`, or a penalty of 0 or more. */
export function ridgePenalty(text: string): number | 'hest' | 'cv' {
  if (text === 'hest' || text === 'cv') return text;
  const value = numberOf(text);
  if (value < 0) throw new InvalidArgumentError('It must be hest, cv or a number of 0 or more.');
  return value;
}

/** `auto`, `none`, or a number of components. */
export function componentCount(text: string): number | 'auto' | 'none' {
  return text === 'auto' || text === 'none' ? text : positiveInteger(text);
}
