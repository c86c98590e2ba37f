/**
 * The first node of a host list, where the batch script runs: `n01` of `n[01-03,7],login`, and `r1n1` of
 * `r[1-2]n[1-4]`; `undefined` for none, as in the words that sacct has for it (`None assigned`).
 */
export function firstNode(nodeList: string): string | undefined {
  const [first = ""] = nodeList.split(/,(?![^[]*\])/);
  const name = first.replaceAll(/\[([0-9]+)[^\]]*\]/g, "$1");
  return /^[^\s[\]()]+$/.test(name) ? name : undefined;
}
