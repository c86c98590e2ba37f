import { dirname } from "node:path";
import { gzipSync } from "node:zlib";

/** What goes into an archive. */
interface ArchiveParts {
  /** The one folder that it unpacks to. */
  readonly name: string;
  /** Files and folders, each with the path that it gets in that folder. */
  readonly files: readonly { readonly from: string; readonly to: string }[];
  /** What their times are said to be, in seconds since 1970. */
  readonly time: number;
}

/** As ls would tell: what is executable is so for all, and nobody but the owner may write. */
const TAR_OPTIONS = [
  "--format=ustar",
  "--sort=name",
  "--owner=root:0",
  "--group=root:0",
  "--mode=u=rwX,go=rX",
];

/**
 * Writes a tar archive, compressed with gzip. The same files give the same bytes, whatever their times,
 * owners and permissions are: only whether a file may be executed counts.
 */
export async function packArchive(path: string, parts: ArchiveParts): Promise<void> {
  const stage = await Deno.makeTempDir();
  try {
    for (const { from, to } of parts.files) await copy(from, `${stage}/${parts.name}/${to}`);
    const args = [...TAR_OPTIONS, `--mtime=@${parts.time}`, "-cf", "-", parts.name];
    const tar = new Deno.Command("tar", { args, cwd: stage, env: { LC_ALL: "C" }, stdin: "null" });
    const { success, stdout, stderr } = await tar.output();
    if (!success) throw new Error(`Cannot pack "${path}":\n${new TextDecoder().decode(stderr)}`);
    // Most of it is compressed already.
    await Deno.writeFile(path, gzipSync(stdout, { level: 1 }));
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) {
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.copyFile(from, to);
    return;
  }
  for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}
