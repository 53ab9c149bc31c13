/** CIELAB colours under daylight (D65, 2 degrees). */
import { invert, type Matrix3, multiply, type Vector3 } from './linear.ts';

/** sRGB primaries. @source IEC 61966-2-1. */
const XYZ_FROM_RGB: Matrix3 = [
  0.412453, 0.35758, 0.180423, 0.212671, 0.71516, 0.072169, 0.019334, 0.119193, 0.950227,
];
const RGB_FROM_XYZ = invert(XYZ_FROM_RGB);
const WHITE: Vector3 = [0.95047, 1, 1.08883];

const LINEAR = Float64Array.from({ length: 256 }, (_, value) => {
  const x = value / 255;
  return x > 0.04045 ? ((x + 0.055) / 1.055) ** 2.4 : x / 12.92;
});

/** L (0 to 100), a and b of an RGB8 colour. */
export function labFromRgb(r: number, g: number, b: number): [number, number, number] {
  const xyz = multiply(XYZ_FROM_RGB, [LINEAR[r]!, LINEAR[g]!, LINEAR[b]!]);
  const [x, y, z] = [response(xyz[0] / WHITE[0]), response(xyz[1] / WHITE[1]), response(xyz[2] / WHITE[2])];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Red, green and blue from 0 to 255, not rounded; colours that sRGB cannot show are clamped. */
export function rgbFromLab(lightness: number, a: number, b: number): [number, number, number] {
  const y = (lightness + 16) / 116;
  const xyz: Vector3 = [
    WHITE[0] * stimulus(a / 500 + y),
    WHITE[1] * stimulus(y),
    WHITE[2] * stimulus(Math.max(0, y - b / 200)),
  ];
  const gamma = (x: number) => (x > 0.0031308 ? 1.055 * x ** (1 / 2.4) - 0.055 : 12.92 * x);
  const byte = (x: number) => 255 * Math.min(1, Math.max(0, gamma(x)));
  const [red, green, blue] = multiply(RGB_FROM_XYZ, xyz);
  return [byte(red), byte(green), byte(blue)];
}

function response(t: number): number {
  return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
}

function stimulus(t: number): number {
  return t > 0.2068966 ? t ** 3 : (t - 16 / 116) / 7.787;
}
