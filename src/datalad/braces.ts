/** Makes of a text the template that gives it: braces stand for themselves. */
export function escapeBraces(text: string): string {
  return text.replaceAll("{", "{{").replaceAll("}", "}}");
}

/** Whether there may be placeholders in a template, or braces that stand for themselves. */
export function hasBraces(template: string): boolean {
  return /[{}]/.test(template);
}
