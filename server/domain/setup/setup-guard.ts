/** Who may set up a controller that nobody has set up yet: whoever sits at it and read the one-time link off its terminal. */
export interface SetupGuard {
  /** Throws `setup.done` when there is nothing to set up any more, `link.invalid` for another secret. */
  check(secret: string): void;
}
