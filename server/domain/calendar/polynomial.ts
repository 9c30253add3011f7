const RADIANS = Math.PI / 180;

/** c₀ + c₁x + c₂x² + … */
export function polynomial(x: number, coefficients: readonly number[]): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

/** Sine of an angle in degrees. */
export function sinOf(degrees: number): number {
  return Math.sin(degrees * RADIANS);
}

/** The same angle from 0 (included) to 360 degrees. */
export function turn(degrees: number): number {
  return ((degrees % 360) + 360) % 360;
}
