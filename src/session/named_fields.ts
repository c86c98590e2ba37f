/** The fields of a record under the names of docs/result_records.md: `slurmJobId` is `slurm_job_id`. */
export function namedFields(record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
