/** Compiling the overlay's program. */
import { FRAGMENT_SHADER, VERTEX_SHADER } from './shaders.ts';

const UNIFORMS = [
  'middle',
  'canvasSize',
  'zoom',
  'size',
  'low',
  'high',
  'opacity',
  'dimmed',
  'outline',
  'outlineColour',
  'colours',
  'disc',
  'points',
] as const;

export interface Program {
  readonly program: WebGLProgram;
  readonly uniforms: Readonly<Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>>;
}

function compile(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const shader = gl.createShader(type);
  if (shader === null)
    throw new Error('overlay: needed a shader, found a lost WebGL context; reload the page');
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}

/** @throws Error when the browser's driver refuses the program, with the driver's words */
export function createProgram(gl: WebGL2RenderingContext): Program {
  const program = gl.createProgram();
  const shaders = [
    compile(gl, gl.VERTEX_SHADER, VERTEX_SHADER),
    compile(gl, gl.FRAGMENT_SHADER, FRAGMENT_SHADER),
  ];
  for (const shader of shaders) gl.attachShader(program, shader);
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    const words = [gl.getProgramInfoLog(program), ...shaders.map((shader) => gl.getShaderInfoLog(shader))];
    throw new Error(`overlay: needed the graphics driver to take its program, found ${words.join(' ')}`);
  }
  for (const shader of shaders) gl.deleteShader(shader);
  const entries = UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)] as const);
  return { program, uniforms: Object.fromEntries(entries) as Program['uniforms'] };
}
