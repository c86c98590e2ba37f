/** What the output of a submission command says. */
export type SubmissionAnswer =
  | { readonly kind: "submitted"; readonly jobId: string; readonly cluster: string | null }
  | { readonly kind: "no job ID" }
  | { readonly kind: "ambiguous"; readonly jobIds: readonly string[] };

// sbatch(1): "Submitted batch job 123", with -M "Submitted batch job 123 on cluster foo".
const SENTENCE_REGEXP = /Submitted batch job ([1-9][0-9]*)(?: on cluster (\S+))?/g;
// sbatch(1), --parsable: "the job id number and the cluster name if present", separated by ";".
const PARSABLE_REGEXP = /^([1-9][0-9]*)(?:;(\S+))?$/;

/**
 * Finds the job ID in what a submission command printed on standard output. Banners around it are
 * tolerated; several different job IDs are not: which one would be the job?
 */
export function parseSubmissionAnswer(stdout: string): SubmissionAnswer {
  const found = new Map<string, string | null>();
  for (const match of stdout.matchAll(SENTENCE_REGEXP)) found.set(match[1]!, match[2] ?? null);
  if (found.size === 0) {
    for (const line of stdout.split("\n")) {
      const match = PARSABLE_REGEXP.exec(line.trim());
      if (match !== null) found.set(match[1]!, match[2] ?? null);
    }
  }
  if (found.size > 1) return { kind: "ambiguous", jobIds: [...found.keys()] };
  for (const [jobId, cluster] of found) return { kind: "submitted", jobId, cluster };
  return { kind: "no job ID" };
}
