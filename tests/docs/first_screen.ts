/**
 * The sentences of the README's first screen, up to its glossary: what stands in comments and blocks of code
 * is left out, of a picture there is its text for those who do not see it.
 */
export function findStatements(readme: string): string[] {
  const screen = readme.split("\n## Words\n")[0]!
    .replaceAll(/<!--[\s\S]*?-->/g, "")
    .replaceAll(/^```[\s\S]*?^```$/gm, "")
    .replaceAll(/<picture>.*alt="([^"]*)".*<\/picture>/g, "$1")
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1");
  return screen.split(/\n\s*\n/).filter((paragraph) => !/^\s*(#|$)/.test(paragraph))
    .flatMap((paragraph) => paragraph.trim().replaceAll(/\s+/g, " ").split(/(?<=[.]) (?=[A-Z`])/));
}
