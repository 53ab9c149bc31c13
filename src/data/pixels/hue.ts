/** Turning the hue of a picture, through hue, saturation and value of 8 bits each. */

/** What the loop looks up, indexed by 8-bit numbers. */
interface Tables {
  /**
   * [sector pair, spread, distance of the middle channel from the highest] -> hue. Sector pairs: 0 red highest, blue
   * lowest; 1 red, green; 2 green, red; 3 green, blue; 4 blue, green; 5 blue, red.
   */
  readonly hue: Uint8Array;
  /** [highest, spread] -> saturation as float32 in [0, 1], in steps of 1/255. */
  readonly strength: Float32Array;
  /** hue -> sixth of the circle, 0..5. */
  readonly sector: Uint8Array;
  /** hue -> how far the changing channel has gone: down in odd sectors, still up in even ones. */
  readonly gone: Float32Array;
}

let tables: Tables | undefined;

/** All divisions of the conversion, done once (0.7 MB); float32 where the reference uses it. */
function makeTables(): Tables {
  const hue = new Uint8Array(6 * 65536);
  const strength = new Float32Array(65536);
  for (let spread = 1; spread < 256; spread++) {
    for (let distance = 0; distance <= spread; distance++) {
      const part = Math.fround(distance / spread);
      const sixths = [1 - part, part - 1, 3 - part, 1 + part, 5 - part, 3 + part];
      sixths.forEach((value, pair) => {
        const turns = Math.fround(value) / 6 + 1;
        hue[(pair << 16) | (spread << 8) | distance] = Math.fround(turns >= 1 ? turns - 1 : turns) * 255;
      });
    }
    for (let high = spread; high < 256; high++) {
      const saturation = Math.trunc(Math.fround(spread / high) * 255);
      strength[(high << 8) | spread] = saturation / 255;
    }
  }
  const sixth = (value: number) => Math.fround((value * 6) / 255);
  const sector = Uint8Array.from({ length: 256 }, (_, value) => Math.floor(sixth(value)) % 6);
  const gone = Float32Array.from({ length: 256 }, (_, value) => {
    const within = sixth(value) - Math.floor(sixth(value));
    return Math.floor(sixth(value)) % 2 === 1 ? within : 1 - within;
  });
  return { hue, strength, sector, gone };
}

/**
 * Turns the hue of every pixel by `shift` of a full turn, in place. The picture is taken to 8-bit hue, saturation and
 * value, the hue moves by `trunc(255 * shift)` modulo 256, and back; so even a shift of 0 changes some colours slightly.
 *
 * @param shift from -0.5 to 0.5.
 * @source Smith 1978 (the hexcone model); rounding as Pillow's HSV mode and torchvision's adjust_hue.
 */
export function adjustHue(pixels: Uint8ClampedArray, shift: number): void {
  tables ??= makeTables();
  const { hue, strength, sector, gone } = tables;
  const steps = Math.trunc(shift * 255);
  for (let i = 0; i < pixels.length; i += 3) {
    const red = pixels[i]!;
    const green = pixels[i + 1]!;
    const blue = pixels[i + 2]!;
    const high = Math.max(red, green, blue);
    const low = Math.min(red, green, blue);
    if (high === low) continue; // grey has no hue and comes back as it was
    const middle = red + green + blue - high - low;
    // Where two channels are equal, the first of red, green, blue counts as the highest.
    let pair: number;
    if (red === high) pair = blue === low ? 0 : 1;
    else if (green === high) pair = red === low ? 2 : 3;
    else pair = red === low ? 5 : 4;
    const turned = (hue[(pair << 16) | ((high - low) << 8) | (high - middle)]! + steps) & 255;
    const saturation = strength[(high << 8) | (high - low)]!;
    const floor = (high * (1 - saturation) + 0.5) | 0;
    const between = (high * (1 - Math.fround(saturation * gone[turned]!)) + 0.5) | 0;
    const sixth = sector[turned]!;
    pixels[i] = sixth === 0 || sixth === 5 ? high : sixth === 1 || sixth === 4 ? between : floor;
    pixels[i + 1] = sixth === 1 || sixth === 2 ? high : sixth === 0 || sixth === 3 ? between : floor;
    pixels[i + 2] = sixth === 3 || sixth === 4 ? high : sixth === 2 || sixth === 5 ? between : floor;
  }
}
