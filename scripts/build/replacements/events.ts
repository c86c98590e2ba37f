/**
 * Stands in for `node:events` in the built file, where the runtime's own takes 8 ms to load.
 *
 * Holds what commander uses of it; what is missing makes the build or its first command fail.
 *
 * @module
 */

type Listener = (...values: unknown[]) => void;

/** Calls listeners by the name of an event, in the order in which they were added. */
export class EventEmitter {
  readonly #listeners = new Map<string, Listener[]>();

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...this.#listenersOf(event), listener]);
    return this;
  }

  emit(event: string, ...values: unknown[]): boolean {
    const listeners = this.#listenersOf(event);
    for (const listener of listeners) listener.apply(this, values);
    return listeners.length > 0;
  }

  listenerCount(event: string): number {
    return this.#listenersOf(event).length;
  }

  #listenersOf(event: string): readonly Listener[] {
    return this.#listeners.get(event) ?? [];
  }
}
