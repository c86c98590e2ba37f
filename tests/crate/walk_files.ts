/** The files below a folder, relative to it. */
export async function walkFiles(root: string, folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${root}/${folder}`)) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isDirectory) found.push(...await walkFiles(root, path));
    else found.push(path);
  }
  return found;
}
