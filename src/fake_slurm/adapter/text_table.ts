/** One column of a listing. */
export interface Column {
  /** In the letters of the header line; `--format` takes it in any case. */
  readonly header: string;
  /** Characters; negative aligns to the left. */
  readonly width: number;
}

/** Fits a sacct value into a column: cut with a `+` where it does not fit. */
export function fitWithPlus(value: string, width: number): string {
  const size = Math.abs(width);
  const cut = value.length > size ? `${value.slice(0, size - 1)}+` : value;
  return width < 0 ? cut.padEnd(size) : cut.padStart(size);
}

/** Fits a value into a column, cutting off what does not fit. */
export function fit(value: string, width: number): string {
  const size = Math.abs(width);
  const cut = value.slice(0, size);
  return width < 0 ? cut.padEnd(size) : cut.padStart(size);
}
