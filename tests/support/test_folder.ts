import { dirname, join } from "node:path";

/** A folder for one test, absolute, links resolved, with a blank in its name. */
export class TestFolder implements AsyncDisposable {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** Makes a folder with these files in it, texts by path; to be held with `await using`. */
  static async create(files: Readonly<Record<string, string>> = {}): Promise<TestFolder> {
    const folder = await Deno.makeTempDir({ prefix: "dlslurm folder " });
    const made = new TestFolder(await Deno.realPath(folder));
    for (const [path, text] of Object.entries(files)) await made.write(path, text);
    return made;
  }

  /** The absolute path of something in it. */
  at(path: string): string {
    return join(this.root, path);
  }

  /** Writes a file, making its folders. */
  async write(path: string, text: string): Promise<void> {
    await Deno.mkdir(dirname(this.at(path)), { recursive: true });
    await Deno.writeTextFile(this.at(path), text);
  }

  /** The text of a file. */
  async read(path: string): Promise<string> {
    return await Deno.readTextFile(this.at(path));
  }

  /** Everything in it: files and links by their paths, folders with `/` behind; in order. */
  async paths(under = "."): Promise<string[]> {
    const found: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(this.at(under))) {
      const path = join(under, name);
      found.push(isDirectory ? `${path}/` : path);
      if (isDirectory) found.push(...await this.paths(path));
    }
    return found.sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Deno.Command("chmod", { args: ["-R", "u+rwX", this.root], stderr: "null" }).output();
    await Deno.remove(this.root, { recursive: true });
  }
}
