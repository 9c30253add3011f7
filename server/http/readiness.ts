/** Result of one check. `detail` is for the operator and holds nothing secret. */
export interface CheckResult {
  readonly ok: boolean;
  readonly detail: string;
}

export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

/** Asks each part whether it can do its work. A check that throws has failed. */
export class Readiness {
  readonly #checks: Readonly<Record<string, () => Promise<CheckResult>>>;

  constructor(checks: Readonly<Record<string, () => Promise<CheckResult>>>) {
    this.#checks = checks;
  }

  async report(): Promise<ReadinessReport> {
    const results = await Promise.all(
      Object.entries(this.#checks).map(async ([name, check]) => {
        try {
          return [name, await check()] as const;
        } catch {
          return [name, { ok: false, detail: 'the check failed; see the log' }] as const;
        }
      }),
    );
    return { ready: results.every(([, { ok }]) => ok), checks: Object.fromEntries(results) };
  }
}
