import assert from "node:assert/strict";
import type { ErrorCode } from "../../src/errors.ts";
import { diskFailure } from "../../src/process/disk_failure.ts";

/** What git and git-annex wrote. */
const CASES: readonly [stderr: string, code: ErrorCode | undefined, hint: RegExp][] = [
  [
    "error: file write error: No space left on device\nfatal: unable to write loose object file",
    ...["DISK", /^free space, /] as const,
  ],
  ["fatal: write error: Out of diskspace", "DISK", /^free space, /],
  ["error: unable to write sha1 file: Disk quota exceeded", "DISK", /^free space, /],
  ["fatal: cannot create '/r/.git/index.lock': Read-only file system", "DISK", /mounted/],
  ["error: read error: Input/output error", "DISK", /is well again/],
  ["fatal: Stale file handle", "DISK", /is well again/],
  ["fatal: Stale NFS file handle", "DISK", /is well again/],
  [
    "error: insufficient permission for adding an object to repository database .git/objects",
    ...["PERMISSION", /sharedRepository/i] as const,
  ],
  [
    "fatal: Unable to create '/r/.git/index.lock': Permission denied",
    ...["PERMISSION", /sharedRepository/i] as const,
  ],
  ["error: cannot lock ref 'refs/heads/main': Permission denied", "PERMISSION", /shared/i],
  // A job's file that its owner has closed to others.
  [
    "error: open(\"out/a\"): Permission denied\nerror: unable to index file 'out/a'",
    undefined,
    /^/,
  ],
  // One that the disk does not give.
  [
    "error: read error while indexing out/a: Input/output error\nerror: out/a: failed to insert into database",
    undefined,
    /^/,
  ],
  ['error: open("out/a"): Stale file handle\nfatal: Unable to process path out/a', undefined, /^/],
  ["fatal: not a git repository", undefined, /^/],
  ["", undefined, /^/],
];

for (const [stderr, code, hint] of CASES) {
  Deno.test(`diskFailure() takes "${stderr.split("\n")[0]}" for ${code ?? "no such case"}`, () => {
    const error = diskFailure("git add", stderr);

    assert.equal(error?.code, code);
    if (error === undefined) return;
    assert.match(error.message, /git add failed$/);
    assert.equal(error.detail, stderr);
    assert.match(error.hint!, hint);
    assert.match(error.hint!, /run the same command again: nothing is lost$/);
  });
}
