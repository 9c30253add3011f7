import jsqr from 'jsqr';
import type { Page } from './page.ts';

/** Drawn as a camera sees it: grey levels of the picture's pixels. */
const PIXELS = `(async () => {
  const picture = [...document.querySelectorAll('img.qr')].at(-1);
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 600;
  const context = canvas.getContext('2d');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, 600, 600);
  context.drawImage(picture, 0, 0, 600, 600);
  const { data } = context.getImageData(0, 0, 600, 600);
  let grey = '';
  for (let at = 0; at < data.length; at += 4) grey += data[at] > 127 ? '1' : '0';
  return grey;
})()`;

/** What the QR code on the page says, read from its pixels. */
export async function readQr(page: Page): Promise<string> {
  await page.until("document.querySelector('img.qr') !== null");
  const grey = await page.value<string>(PIXELS);
  // Red, green, blue and opaque for each of them, in place: a list of lists took longer than all else that the test does.
  const pixels = new Uint8ClampedArray(grey.length * 4);
  for (let at = 0; at < grey.length; at += 1) {
    pixels.fill(grey[at] === '1' ? 255 : 0, at * 4, at * 4 + 3);
    pixels[at * 4 + 3] = 255;
  }
  const found = jsqr.default(pixels, 600, 600);
  if (found === null) throw new Error('no QR code can be read');
  return found.data;
}
