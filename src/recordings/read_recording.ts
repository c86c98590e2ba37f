import { join } from "node:path";
import * as v from "valibot";
import { UserError } from "../errors.ts";
import {
  type Call,
  FILES_FOLDER,
  FORMAT_VERSION,
  MANIFEST,
  type Manifest,
  type RecordedFile,
  type Recording,
} from "./format.ts";

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const FolderName = v.pipe(v.string(), v.regex(/^[0-9]{4,}-[a-z]+$/, "not NNNN-program"));
/** Below the folder of the recording, and nowhere else. */
const RelativePath = v.pipe(
  v.string(),
  v.check(
    (path) => path !== "" && path.split("/").every((part) => !["", ".", ".."].includes(part)),
    "not a path below the recording",
  ),
);

const ManifestSchema: v.GenericSchema<unknown, Manifest> = v.strictObject({
  format: v.literal(FORMAT_VERSION),
  slurm: v.string(),
  recordedAt: v.pipe(v.string(), v.isoTimestamp()),
  command: v.pipe(v.array(v.string()), v.minLength(1)),
  exitCode: Count,
  recorder: v.strictObject({
    user: v.string(),
    host: v.string(),
    home: v.string(),
    work: v.string(),
  }),
  kept: v.array(v.string()),
  calls: v.array(
    v.strictObject({ folder: FolderName, atMs: Count, stdout: Count, stderr: Count }),
  ),
  files: v.array(v.strictObject({ path: RelativePath, bytes: Count })),
});

const ArgvSchema: v.GenericSchema<unknown, string[]> = v.pipe(
  v.array(v.string()),
  v.minLength(1),
);

/**
 * Reads a whole recording and checks that it is complete.
 *
 * @throws {UserError} `FAKE_SLURM` if it is missing, of another version, truncated, lacks a file, or
 * holds something that is not UTF-8.
 */
export async function readRecording(directory: string): Promise<Recording> {
  const manifest = await readManifest(directory);
  const calls: Call[] = [];
  for (const [index, entry] of manifest.calls.entries()) {
    const number = String(index + 1).padStart(4, "0");
    if (!entry.folder.startsWith(`${number}-`)) {
      throw invalid(
        directory,
        `${MANIFEST} names "${entry.folder}" where call ${number} should be`,
      );
    }
    calls.push(await readCall(directory, entry));
  }
  const files: RecordedFile[] = [];
  for (const { path, bytes } of manifest.files) {
    files.push({ path, text: await readText(directory, join(FILES_FOLDER, path), bytes) });
  }
  await refuseUnlisted(directory, manifest);
  return { manifest, calls, files };
}

async function readManifest(directory: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readText(directory, MANIFEST);
  } catch (error) {
    if (!(error instanceof UserError) || !(error.cause instanceof Deno.errors.NotFound)) {
      throw error;
    }
    throw new UserError(
      "FAKE_SLURM",
      `Cannot read recording "${directory}": there is no ${MANIFEST} in it`,
      { hint: "dlslurm fixtures record DIR -- COMMAND makes a recording", cause: error },
    );
  }
  const value = parseJson(directory, MANIFEST, text);
  const format = (value as { format?: unknown } | null)?.format;
  if (format !== FORMAT_VERSION) {
    throw new UserError(
      "FAKE_SLURM",
      `Cannot read recording "${directory}": its format is ${
        JSON.stringify(format) ?? "not named"
      }` +
        `, this program reads format ${FORMAT_VERSION}`,
      {
        hint: typeof format === "number" && format > FORMAT_VERSION
          ? "use a newer dlslurm"
          : "record it again: dlslurm fixtures record DIR -- COMMAND",
      },
    );
  }
  return validate(directory, MANIFEST, ManifestSchema, value);
}

async function readCall(directory: string, entry: Manifest["calls"][number]): Promise<Call> {
  const { folder } = entry;
  const argvFile = join(folder, "argv.json");
  const argvText = await readText(directory, argvFile);
  const argv = validate(
    directory,
    argvFile,
    ArgvSchema,
    parseJson(directory, argvFile, argvText),
  );
  if (folder.slice(folder.indexOf("-") + 1) !== argv[0]) {
    throw invalid(directory, `${argvFile} is a call of "${argv[0]}"`);
  }
  const exitText = await readText(directory, join(folder, "exit_code"));
  if (!/^[0-9]{1,3}\n$/.test(exitText)) {
    throw invalid(directory, `${join(folder, "exit_code")} is no exit status`);
  }
  return {
    folder,
    argv,
    atMs: entry.atMs,
    exitCode: Number(exitText),
    stdout: await readText(directory, join(folder, "stdout"), entry.stdout),
    stderr: await readText(directory, join(folder, "stderr"), entry.stderr),
  };
}

async function readText(directory: string, file: string, bytes?: number): Promise<string> {
  let content: Uint8Array;
  try {
    content = await Deno.readFile(join(directory, file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw invalid(directory, `"${file}" is missing`, error);
    }
    throw invalid(directory, `"${file}" cannot be read: ${(error as Error).message}`, error);
  }
  if (bytes !== undefined && content.length !== bytes) {
    const change = content.length < bytes ? "is truncated" : "was changed";
    throw invalid(directory, `"${file}" ${change}: ${content.length} bytes instead of ${bytes}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw invalid(directory, `"${file}" is not valid UTF-8`, error);
  }
}

function parseJson(directory: string, file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(directory, `"${file}" is no valid JSON or is truncated`, error);
  }
}

function validate<Schema extends v.GenericSchema>(
  directory: string,
  file: string,
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const where = v.getDotPath(issue) ?? "the whole";
  throw invalid(directory, `"${file}" is not as it should be at ${where}: ${issue.message}`);
}

/** A folder too many is a call that the list lost: the recording would not say what happened. */
async function refuseUnlisted(directory: string, { calls }: Manifest): Promise<void> {
  const listed = new Set(calls.map(({ folder }) => folder));
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory && /^[0-9]{4,}-/.test(name) && !listed.has(name)) {
      throw invalid(directory, `folder "${name}" is not listed in ${MANIFEST}`);
    }
  }
}

function invalid(directory: string, what: string, cause?: unknown): UserError {
  return new UserError("FAKE_SLURM", `Cannot read recording "${directory}": ${what}`, {
    hint: "take a whole copy, or record it again: dlslurm fixtures record DIR -- COMMAND",
    cause,
  });
}
