import { homedir, userInfo } from "node:os";

/** Who runs this program. */
export interface CurrentUser {
  /** The user's ID where it has no name: in a container, or while the directory service is down. */
  readonly username: string;
  /** The number that the system knows the user by. */
  readonly uid: number;
  /** That of the user's first group. */
  readonly gid: number;
}

/** Tells who runs this program, as Slurm does: a user without a name goes by its ID. */
export function currentUser(): CurrentUser {
  const uid = Deno.uid() ?? 0;
  const gid = Deno.gid() ?? 0;
  try {
    return { username: userInfo().username, uid, gid };
  } catch {
    return { username: String(uid), uid, gid };
  }
}

/** The user's home as the environment names it, or else the system; `undefined` where neither does. */
export function homeFolder(env: { get(name: string): string | undefined }): string | undefined {
  try {
    return env.get("HOME") || homedir() || undefined;
  } catch {
    return undefined;
  }
}
