/** Slurm's own form, with any SLURM_TIME_FORMAT "standard": 2026-11-22T10:30:05. */
const TIME_REGEXP = /(?<![\d-])\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?!\d)/g;

/** Moves all times in an answer by whole seconds; their time zone stays. */
export function moveTimes(text: string, seconds: number): string {
  if (seconds === 0) return text;
  return text.replace(TIME_REGEXP, (time) => {
    const ms = Date.parse(`${time}Z`);
    return Number.isNaN(ms) ? time : new Date(ms + seconds * 1000).toISOString().slice(0, 19);
  });
}
