/**
 * Finds the files whose names end in `ending`, in a folder of the project and all folders in it, in order
 * and by their paths in the project.
 */
export async function findFiles(
  project: string,
  folder: string,
  ending: string,
): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(`${project}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) files.push(...await findFiles(project, path, ending));
    else if (path.endsWith(ending)) files.push(path);
  }
  return files.sort();
}
