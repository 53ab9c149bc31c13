/** Colour scales for numbers: even steps to the eye, readable without colour vision. */

/** RGB8 colour of a position; `t` is limited to [0, 1]. */
export type Colormap = (t: number) => readonly [red: number, green: number, blue: number];

const STEPS = 256;

/**
 * Dark violet over teal and green to light yellow.
 *
 * Built from a formula, not from a published table: a path in OKLab whose lightness rises from 0.27 to 0.93
 * while the hue turns from 292 to 106 degrees, cut back where sRGB ends, and then sampled at equal distances
 * along the path, so equal steps in the value are equal steps in perceived colour. Lightness alone carries
 * the order, which keeps it readable with any colour-vision deficiency and in grey print.
 *
 * @source OKLab: Bjorn Ottosson 2020 (public domain).
 */
export const sequentialColormap: Colormap = (t) => {
  table ??= buildTable();
  const step = Math.round(Math.min(1, Math.max(0, t)) * (STEPS - 1));
  return table[step]!;
};

type Triple = readonly [number, number, number];

let table: Triple[] | undefined;

function buildTable(): Triple[] {
  const fine = Array.from({ length: 2049 }, (_, i) => pathPoint(i / 2048));
  const length = [0];
  for (let i = 1; i < fine.length; i++) length.push(length[i - 1]! + distance(fine[i]!, fine[i - 1]!));
  const total = length.at(-1)!;
  let at = 0;
  return Array.from({ length: STEPS }, (_, step) => {
    while (at < fine.length - 1 && length[at]! < (total * step) / (STEPS - 1)) at++;
    const [red, green, blue] = linearRgb(fine[at]!).map(encode);
    return [red!, green!, blue!];
  });
}

/** OKLab point of the path; chroma is as large as wanted or as sRGB allows. */
function pathPoint(t: number): Triple {
  const lightness = 0.27 + 0.66 * t;
  const hue = ((292 - 186 * t) * Math.PI) / 180;
  const lab = (chroma: number): Triple => [lightness, chroma * Math.cos(hue), chroma * Math.sin(hue)];
  let low = 0;
  let high = 0.13 + 0.06 * t * t;
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    const fits = linearRgb(lab(middle)).every((value) => value >= 0.002 && value <= 0.998);
    if (fits) low = middle;
    else high = middle;
  }
  return lab(low);
}

function distance(p: Triple, q: Triple): number {
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

function linearRgb([lightness, a, b]: Triple): Triple {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

/** Linear light to an sRGB byte. */
function encode(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * value);
}
