/** Waits for a time, or until it is woken: for a loop that also looks now and then by itself. */
export class Sleeper {
  #wake: () => void = () => undefined;

  /** Waits so many milliseconds, at most until {@linkcode wake} is called. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends a {@linkcode sleep}; without one it does nothing. */
  wake(): void {
    this.#wake();
  }
}
