import { isClusterName } from "./named_cluster.ts";

/** What the output of a submission command says. */
export type SubmissionAnswer =
  | { readonly kind: "submitted"; readonly jobId: string; readonly cluster: string | null }
  | { readonly kind: "no job ID" }
  /** With their clusters, as `--parsable` prints them. */
  | { readonly kind: "ambiguous"; readonly jobIds: readonly string[] };

// sbatch(1): "Submitted batch job 123", with -M "Submitted batch job 123 on cluster foo".
const SENTENCE_REGEXP = /Submitted batch job ([1-9][0-9]*)(?: on cluster (\S+))?/g;
// sbatch(1), --parsable: "the job id number and the cluster name if present", separated by ";".
const PARSABLE_REGEXP = /^([1-9][0-9]*)(?:;(\S+))?$/;
/** A terminal's colours, with which a wrapper may have printed what it read. */
// deno-lint-ignore no-control-regex -- it is what they begin with
const COLOUR_REGEXP = /\x1b\[[0-9;:]*m/g;

/**
 * Finds the job ID in what a submission command printed on standard output. Banners around it are
 * tolerated; several different jobs are not: which one would be the job? One ID on two clusters is two jobs,
 * and where the name of a cluster cannot be read, the job may be anywhere.
 */
export function parseSubmissionAnswer(stdout: string): SubmissionAnswer {
  const text = stdout.replace(COLOUR_REGEXP, "");
  let matches = [...text.matchAll(SENTENCE_REGEXP)];
  if (matches.length === 0) {
    matches = text.split("\n").map((line) => PARSABLE_REGEXP.exec(line.trim()))
      .filter((match) => match !== null);
  }
  const jobs = new Map(
    matches.map(([, jobId, cluster]) => [cluster === undefined ? jobId! : `${jobId};${cluster}`, {
      jobId: jobId!,
      cluster: cluster ?? null,
    }]),
  );
  const [job, ...others] = jobs.values();
  if (job === undefined) return { kind: "no job ID" };
  if (others.length > 0 || job.cluster !== null && !isClusterName(job.cluster)) {
    return { kind: "ambiguous", jobIds: [...jobs.keys()] };
  }
  return { kind: "submitted", ...job };
}
