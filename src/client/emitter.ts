import { checkListener } from './check-options.ts'

/** Tells listeners what happens, by name. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>()

  /**
   * Calls a listener at each event of a name.
   *
   * @param name - which event
   * @param listener - gets the event's value
   * @returns takes the listener off again
   * @throws TypeError for a listener that is no function
   */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    checkListener('on', listener)
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => void listeners.delete(listener)
  }

  /** Whether anybody listens to events of a name. */
  protected hasListeners(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0
  }

  /** Calls the listeners of a name. One that throws is reported to the page, and the others are called all the same. */
  protected emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        ;(listener as (value: Events[Name]) => void)(value)
      } catch (error) {
        reportError(error)
      }
    }
  }
}
