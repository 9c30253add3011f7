/** The lag at which `reference` fits `recording` best (largest cross-correlation), by way of the Fourier transform. */
export function bestLag(reference: Float32Array, recording: Float32Array): number {
  const size = 2 ** Math.ceil(Math.log2(reference.length + recording.length + 1));
  // Two real signals in one complex transform: the recording as real part, the reference as imaginary part.
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  re.set(recording);
  im.set(reference);
  transform(re, im);
  const productRe = new Float64Array(size);
  const productIm = new Float64Array(size);
  for (let index = 0; index < size; index++) {
    const mirror = (size - index) % size;
    const [zr, zi, mr, mi] = [at(re, index), at(im, index), at(re, mirror), at(im, mirror)];
    const [ar, ai] = [(zr + mr) / 2, (zi - mi) / 2];
    const [br, bi] = [(zi + mi) / 2, (mr - zr) / 2];
    // A × conj(B); conjugated once more, since the inverse transform is the forward one of the conjugate.
    productRe[index] = ar * br + ai * bi;
    productIm[index] = -(ai * br - ar * bi);
  }
  transform(productRe, productIm);
  let best = 0;
  for (let index = 1; index < size; index++) if (at(productRe, index) > at(productRe, best)) best = index;
  return best < recording.length ? best : best - size;
}

/** In-place radix-2 transform; the length is a power of two. */
function transform(re: Float64Array, im: Float64Array): void {
  const size = re.length;
  for (let index = 1, reversed = 0; index < size; index++) {
    let bit = size >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (index < reversed) {
      swap(re, index, reversed);
      swap(im, index, reversed);
    }
  }
  for (let length = 2; length <= size; length <<= 1) {
    const half = length >> 1;
    const angle = (-2 * Math.PI) / length;
    for (let k = 0; k < half; k++) {
      const cos = Math.cos(angle * k);
      const sin = Math.sin(angle * k);
      for (let start = k; start < size; start += length) {
        const other = start + half;
        const tr = at(re, other) * cos - at(im, other) * sin;
        const ti = at(re, other) * sin + at(im, other) * cos;
        re[other] = at(re, start) - tr;
        im[other] = at(im, start) - ti;
        re[start] = at(re, start) + tr;
        im[start] = at(im, start) + ti;
      }
    }
  }
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}

function swap(values: Float64Array, a: number, b: number): void {
  const kept = at(values, a);
  values[a] = at(values, b);
  values[b] = kept;
}
