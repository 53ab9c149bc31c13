/** Turning the hue of a picture, through hue, saturation and value of 8 bits each. */
import type { RgbBytes } from './blend.ts';

/** Sector (0..5) and position in it for each 8-bit hue, as float32. */
const SECTOR = Uint8Array.from({ length: 256 }, (_, hue) => Math.floor(Math.fround((hue * 6) / 255)));
const WITHIN = Float32Array.from({ length: 256 }, (_, hue) => Math.fround((hue * 6) / 255) - SECTOR[hue]!);

/** 8-bit hue of a pixel with some colour: 0 red, 85 green, 170 blue; cut, not rounded. */
function hueOf(red: number, green: number, blue: number, high: number, spread: number): number {
  const r = Math.fround((high - red) / spread);
  const g = Math.fround((high - green) / spread);
  const b = Math.fround((high - blue) / spread);
  const sixths = Math.fround(red === high ? b - g : green === high ? 2 + r - b : 4 + g - r);
  const turns = sixths / 6 + 1;
  return (Math.fround(turns >= 1 ? turns - 1 : turns) * 255) | 0;
}

/**
 * Turns the hue of every pixel by `shift` of a full turn, in place. The picture is taken to 8-bit hue, saturation and
 * value, the hue moves by `trunc(255 * shift)` modulo 256, and back; so even a shift of 0 changes some colours slightly.
 *
 * @param shift from -0.5 to 0.5.
 * @source Smith 1978 (the hexcone model); rounding as Pillow's HSV mode and torchvision's adjust_hue.
 */
export function adjustHue(pixels: RgbBytes, shift: number): void {
  const steps = Math.trunc(shift * 255);
  for (let i = 0; i < pixels.length; i += 3) {
    const red = pixels[i]!;
    const green = pixels[i + 1]!;
    const blue = pixels[i + 2]!;
    const high = Math.max(red, green, blue);
    const spread = high - Math.min(red, green, blue);
    if (spread === 0) continue; // grey has no hue and comes back as it was
    const saturation = (Math.fround(spread / high) * 255) | 0;
    const hue = (hueOf(red, green, blue, high, spread) + steps) & 255;
    const strength = Math.fround(saturation / 255);
    const within = WITHIN[hue]!;
    const low = Math.floor(high * (1 - strength) + 0.5);
    const falling = Math.floor(high * (1 - Math.fround(strength * within)) + 0.5);
    const rising = Math.floor(high * (1 - Math.fround(strength * (1 - within))) + 0.5);
    const sector = SECTOR[hue]!;
    pixels[i] = sector === 0 || sector >= 5 ? high : sector === 1 ? falling : sector === 4 ? rising : low;
    pixels[i + 1] =
      sector === 1 || sector === 2 ? high : sector === 0 ? rising : sector === 3 ? falling : low;
    pixels[i + 2] =
      sector === 3 || sector === 4 ? high : sector === 2 ? rising : sector === 5 ? falling : low;
  }
}
