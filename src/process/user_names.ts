import { ProgramNotFoundError, textOf } from "./runner.ts";
import type { Runner } from "./runner.ts";

/**
 * The names of users by their IDs: from /etc/passwd, and of those that are not there from `getent`, which is asked
 * once, since a server may have them. An ID without a name is absent.
 */
export async function namesOfUsers(
  uids: Iterable<number>,
  runner: Runner,
): Promise<ReadonlyMap<number, string>> {
  const asked = new Set(uids);
  if (asked.size === 0) return new Map();
  const local = namesIn(readPasswd(), asked);
  const missing = [...asked].filter((uid) => !local.has(uid)).map(String);
  if (missing.length === 0) return local;
  const said = await runner.run(["getent", "passwd", ...missing]).catch((error) => {
    if (error instanceof ProgramNotFoundError) return undefined; // then they stay without a name
    throw error;
  });
  return new Map([...local, ...namesIn(textOf(said?.stdout ?? new Uint8Array()), asked)]);
}

/** Reads lines of passwd(5); of several names for one ID the first counts, as it does for `id`. */
function namesIn(text: string, uids: ReadonlySet<number>): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name = "", , id = ""] = line.split(":");
    const uid = /^[0-9]+$/.test(id) ? Number(id) : -1;
    if (name !== "" && uids.has(uid) && !names.has(uid)) names.set(uid, name);
  }
  return names;
}

function readPasswd(): string {
  try {
    return Deno.readTextFileSync("/etc/passwd");
  } catch {
    return ""; // a machine without such a file has its users elsewhere
  }
}
