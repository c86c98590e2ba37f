import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestDataset } from "./datasets.ts";

/**
 * Everything that a command which refuses must leave alone: refs, HEAD, the index's bytes, the files
 * of the work tree, and the rows of the job store.
 */
interface DatasetState {
  readonly refs: string;
  readonly head: string;
  readonly index: string;
  readonly files: Readonly<Record<string, string>>;
  readonly jobs: readonly StoredJob[];
  readonly claims: readonly string[];
}

/** What the store says of one job. */
interface StoredJob {
  readonly stage: string;
  readonly jobId: string | null;
  readonly commitOid: string | null;
}

/** Takes the state of a dataset, to be compared with a later one. */
export async function stateOf(dataset: TestDataset): Promise<DatasetState> {
  const gitDirectory = join(dataset.root, ".git");
  return {
    refs: await dataset.git("for-each-ref", "--format=%(refname) %(objectname)"),
    head: await Deno.readTextFile(join(gitDirectory, "HEAD")),
    index: await digestOf(join(gitDirectory, "index")),
    files: await filesBelow(dataset.root),
    jobs: storedJobs(dataset),
    claims: storedClaims(dataset),
  };
}

/** The jobs in a dataset's store, in the order of their submission; none if there is no store. */
export function storedJobs(dataset: TestDataset): StoredJob[] {
  return query(dataset, "SELECT stage, job_id, commit_oid FROM job ORDER BY job_key")
    .map((row) => ({
      stage: String(row["stage"]),
      jobId: row["job_id"] === null ? null : String(row["job_id"]),
      commitOid: row["commit_oid"] === null ? null : String(row["commit_oid"]),
    }));
}

/** The claims in a dataset's store, sorted. */
export function storedClaims(dataset: TestDataset): string[] {
  return query(dataset, "SELECT path FROM claim ORDER BY path").map((row) => String(row["path"]));
}

/** The job store's file. */
export function storeFile(dataset: TestDataset): string {
  return join(dataset.root, ".git", "dlslurm", "jobs.sqlite");
}

function query(dataset: TestDataset, statement: string) {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(storeFile(dataset), { readOnly: true });
  } catch {
    return []; // no store yet
  }
  try {
    return database.prepare(statement).all();
  } finally {
    database.close();
  }
}

/** Every file, link and folder below `root` but `.git`, with what is in it. */
async function filesBelow(root: string, folder = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const entry of Deno.readDir(join(root, folder))) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (path === ".git") continue;
    if (entry.isSymlink) found[path] = `-> ${await Deno.readLink(join(root, path))}`;
    else if (entry.isDirectory) {
      found[path] = "folder";
      Object.assign(found, await filesBelow(root, path));
    } else found[path] = await digestOf(join(root, path));
  }
  return found;
}

async function digestOf(file: string): Promise<string> {
  try {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
    return new Uint8Array(digest).toHex();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "absent";
    if (error instanceof Deno.errors.PermissionDenied) return "unreadable";
    throw error;
  }
}
