/** The drawn part of a gene map as SVG. */
import type { Point } from '../slide/patch-geometry.ts';
import type { Colormap } from './colormap.ts';
import { type Box, CAP_PX, type MapLayout, TICK_PX } from './map-layout.ts';
import { textSvg, textWidth } from './stroke-font.ts';
import type { Tick } from './ticks.ts';

/** One picture of a map: its caption (may be empty) and one value per spot. */
export interface Panel {
  readonly caption: string;
  readonly values: ArrayLike<number>;
}

/** Everything the overlay depends on. */
export interface Drawing {
  readonly title: string;
  readonly unit: string;
  readonly spots: readonly Point[];
  readonly spotDiameterPx: number;
  readonly colormap: Colormap;
  readonly mpp?: number;
  readonly layout: MapLayout;
  readonly panels: readonly Panel[];
  readonly range: readonly [number, number];
  readonly ticks: readonly Tick[];
  /** Output pixels per level-0 pixel. */
  readonly scale: number;
}

/** The SVG that is laid over the white canvas with its pictures: texts, discs, scale and colour bars. */
export function overlaySvg(drawing: Drawing): string {
  const { layout, panels, scale, mpp } = drawing;
  const parts = [
    textSvg(drawing.title, {
      x: layout.panels[0]!.x,
      y: layout.titleBaseline,
      capPx: layout.titleCapPx,
      weight: 1.6,
    }),
    colourBar(drawing),
  ];
  panels.forEach(({ caption, values }, k) => {
    const box = layout.panels[k]!;
    const middle = box.x + box.width / 2;
    if (caption !== '') {
      parts.push(
        textSvg(caption, { x: middle, y: layout.captionBaseline, capPx: CAP_PX.caption, anchor: 'middle' }),
      );
    }
    parts.push(discs(drawing, box, values));
    if (mpp !== undefined) parts.push(scaleBar(box, mpp / scale));
    parts.push(`<rect ${rect(box)} fill="none" stroke="#8c959f" stroke-width="1"/>`);
  });
  const size = `width="${layout.width}" height="${layout.height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${parts.join('')}</svg>`;
}

function discs(drawing: Drawing, box: Box, values: ArrayLike<number>): string {
  const { colormap, spots, spotDiameterPx, range, scale } = drawing;
  const radius = Math.max(2, (spotDiameterPx * scale) / 2);
  // A light rim parts dark discs from dark nuclei.
  const rim = ' stroke="#ffffff" stroke-opacity="0.75"';
  const circles = spots.map(({ x, y }, i) => {
    const place = `cx="${(x * scale).toFixed(2)}" cy="${(y * scale).toFixed(2)}"`;
    const value = values[i]!;
    if (!Number.isFinite(value)) {
      return `<circle ${place} r="${(radius - 0.5).toFixed(2)}" fill="none" stroke="#57606a"/>`;
    }
    const colour = css(colormap((value - range[0]) / (range[1] - range[0])));
    return `<circle ${place} r="${radius.toFixed(2)}" fill="${colour}"${rim}/>`;
  });
  // A nested svg element clips at its border.
  return `<svg ${rect(box)}>${circles.join('')}</svg>`;
}

function colourBar({ unit, colormap, layout, range, ticks }: Drawing): string {
  const { bar } = layout;
  const parts = [textSvg(unit, { x: bar.x, y: bar.y - 12, capPx: CAP_PX.label })];
  for (let row = 0; row < bar.height; row++) {
    const t = 1 - (row + 0.5) / bar.height;
    const fill = css(colormap(t));
    // One pixel of overlap hides seams between the rows.
    const height = Math.min(2, bar.height - row);
    parts.push(
      `<rect x="${bar.x}" y="${bar.y + row}" width="${bar.width}" height="${height}" fill="${fill}"/>`,
    );
  }
  const right = bar.x + bar.width;
  for (const { value, label } of ticks) {
    const y = bar.y + bar.height * (1 - (value - range[0]) / (range[1] - range[0]));
    const mark = `x1="${right}" x2="${right + TICK_PX.length}" y1="${y.toFixed(2)}" y2="${y.toFixed(2)}"`;
    parts.push(`<line ${mark} stroke="#1f2328"/>`);
    const x = right + TICK_PX.length + TICK_PX.gap;
    parts.push(textSvg(label, { x, y: y + CAP_PX.label / 2, capPx: CAP_PX.label }));
  }
  return parts.join('');
}

/** A round length of at most a quarter of the panel, in its lower left corner, on a white plate. */
function scaleBar(box: Box, umPerOutputPx: number): string {
  const room = (box.width / 4) * umPerOutputPx;
  const power = 10 ** Math.floor(Math.log10(room));
  const lengthUm = [5, 2, 1].map((factor) => factor * power).find((length) => length <= room)!;
  const label = lengthUm >= 1000 ? `${lengthUm / 1000} mm` : `${lengthUm} \u00b5m`;
  const length = lengthUm / umPerOutputPx;
  const plateWidth = Math.max(length, textWidth(label, CAP_PX.label)) + 16;
  const [x, y] = [box.x + 8, box.y + box.height - 42];
  const middle = x + plateWidth / 2;
  const line = `x="${(middle - length / 2).toFixed(2)}" y="${y + 24}" width="${length.toFixed(2)}" height="4"`;
  return [
    `<rect x="${x}" y="${y}" width="${plateWidth.toFixed(2)}" height="34" rx="3" fill="#ffffff" fill-opacity="0.82"/>`,
    `<rect ${line} fill="#1f2328"/>`,
    textSvg(label, { x: middle, y: y + 17, capPx: CAP_PX.label, anchor: 'middle' }),
  ].join('');
}

function rect({ x, y, width, height }: Box): string {
  return `x="${x}" y="${y}" width="${width}" height="${height}"`;
}

function css([red, green, blue]: readonly [number, number, number]): string {
  return `rgb(${red},${green},${blue})`;
}
