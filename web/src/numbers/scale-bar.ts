/** Length of a scale bar: a round number that fits. */
export interface ScaleBar {
  /** In the screen's CSS pixels. */
  readonly widthPx: number;
  /** `200 um`, `2 mm`, or `500 px` where the slide's pixel size is unknown. */
  readonly label: string;
}

/**
 * @param cssPerPixel CSS pixels per level-0 pixel
 * @param mpp         micrometres per level-0 pixel, or null
 * @param maxWidthPx  the bar is at most this long, and at least 0.4 of it
 */
export function scaleBar(cssPerPixel: number, mpp: number | null, maxWidthPx: number): ScaleBar {
  const cssPerUnit = mpp === null ? cssPerPixel : cssPerPixel / mpp;
  const length = roundBelow(maxWidthPx / cssPerUnit);
  return { widthPx: length * cssPerUnit, label: lengthLabel(length, mpp !== null) };
}

/** The largest of 1, 2, 5 times a power of ten that is not above. */
function roundBelow(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length));
  const lead = length / power;
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power;
}

function lengthLabel(length: number, physical: boolean): string {
  const round = (value: number) => String(Number(value.toPrecision(3)));
  if (!physical) return `${round(length)} px`;
  return length >= 1000 ? `${round(length / 1000)} mm` : `${round(length)} \u00b5m`;
}
