import { toString as draw } from 'qrcode';

/** A QR code as SVG, with the quiet zone that phones need. */
export function qrSvg(text: string): Promise<string> {
  return draw(text, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 });
}
