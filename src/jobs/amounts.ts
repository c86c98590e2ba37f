/** `4.0 GiB`, as Slurm counts: 1 K is 1,024 bytes. */
export function renderSize(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  if (unit === 0) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
}

/** `[days-]hh:mm:ss`, as Slurm prints times. */
export function renderDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (count: number) => String(count).padStart(2, "0");
  const days = Math.floor(whole / 86_400);
  const rest = `${two(Math.floor(whole / 3600) % 24)}:${two(Math.floor(whole / 60) % 60)}:${
    two(whole % 60)
  }`;
  return days > 0 ? `${days}-${rest}` : rest;
}

/** ` (78 %)`, or nothing where there is nothing to compare with. */
export function renderShare(part: number, whole: number | undefined): string {
  return whole === undefined || whole <= 0 ? "" : ` (${Math.round(100 * part / whole)} %)`;
}

/** `2026-11-28 16:00:05Z` of an ISO time: a page is read, not parsed. */
export function renderTime(iso: string): string {
  return iso.replace(/T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, " $1Z");
}
