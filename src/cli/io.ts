/** Where the program writes. */
export interface Io {
  /** Text for people or pipes on standard output. */
  out(text: string): void;
  /** Messages on standard error. */
  err(text: string): void;
}
