/** A QR code as SVG, with the quiet zone that phones need. */
export async function qrSvg(text: string): Promise<string> {
  // Read at the first code that is shown: nothing at the start needs it.
  const { default: codes } = await import('qrcode');
  return codes.toString(text, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 });
}
