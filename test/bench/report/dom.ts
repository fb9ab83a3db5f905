import { parseHTML } from 'linkedom';

/** What the tests use of a DOM: the types of a browser's are not among those of Node. */
export interface Node {
  readonly id: string;
  readonly className: string;
  readonly textContent: string;
  readonly children: Iterable<Node>;
  getAttribute(name: string): string;
  querySelector(selector: string): Node | null;
  querySelectorAll(selector: string): Iterable<Node>;
}

export function parse(html: string): Node {
  return (parseHTML(html) as unknown as { document: Node }).document;
}

/** What a person reads there. */
export function text(node: Node | null): string {
  return (node?.textContent ?? '').replaceAll(/\s+/g, ' ').trim();
}

export function texts(nodes: Iterable<Node>): string[] {
  return [...nodes].map(text);
}
