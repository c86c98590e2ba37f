import assert from "node:assert/strict";
import { checkDisk, parseDisk } from "../../../../src/commands/doctor/checks/disk_space.ts";
import { verdictsOf } from "../site.ts";

const HEADER = "Type         Avail   Inodes    IFree Mounted on\n";
const ROOMY = { type: "lustre", freeBytes: 1e12, freeFiles: 1_000_000, place: "/scratch" };

Deno.test("parseDisk() room for bytes and files, and where", () => {
  assert.deepEqual(parseDisk(`${HEADER}ext4 82000000 16777216 16129930 /my disk\n`), {
    ...{ type: "ext4", freeBytes: 82_000_000 * 1024, freeFiles: 16_129_930, place: "/my disk" },
  });
});

Deno.test("parseDisk() a file system without a limit of files; no answer", () => {
  assert.equal(parseDisk(`${HEADER}btrfs 1 0 0 /\n`)!.freeFiles, undefined);
  assert.equal(parseDisk(`${HEADER}nfs4 1 - - /\n`)!.freeFiles, undefined);
  assert.equal(parseDisk("df: unrecognized option\n"), undefined);
});

Deno.test("checkDisk() little room is a note, none a problem: of bytes or of files", () => {
  const of = (changes: Partial<typeof ROOMY>) =>
    verdictsOf(checkDisk({ ...ROOMY, ...changes }, true));

  assert.deepEqual(of({}), ["ok disk-space"]);
  assert.deepEqual(of({ freeBytes: 1e9 }), ["note disk-space"]);
  assert.deepEqual(of({ freeFiles: 50_000 }), ["note disk-space"]);
  assert.deepEqual(of({ freeBytes: 1e6 }), ["problem disk-space"]);
  assert.deepEqual(of({ freeFiles: 10 }), ["problem disk-space"]);
  assert.deepEqual(verdictsOf(checkDisk(undefined, true)), ["note disk-space"]);
});

Deno.test("checkDisk() a disk of this machine, where another one is the controller → a note", () => {
  const of = (type: string, isController: boolean | undefined) =>
    verdictsOf(checkDisk({ ...ROOMY, type }, isController));

  assert.deepEqual(of("ext4", false), ["ok disk-space", "note seen-by-nodes"]);
  for (const isController of [true, undefined]) {
    assert.deepEqual(of("ext4", isController), ["ok disk-space"]);
  }
  assert.deepEqual(of("lustre", false), ["ok disk-space"]);
});
