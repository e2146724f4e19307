import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './child.js';

/** The property names of an interface as its source declares them: a list that no test can forget to extend. */
export function interfaceMembers(file: string, name: string): string[] {
  let members: string[] = [];
  walk(parse(file), (node) => {
    if (ts.isInterfaceDeclaration(node) && node.name.text === name) members = namesOf(node.members);
  });
  if (members.length === 0) throw new Error(`${file} declares no interface ${name}`);
  return members;
}

/** The keys of the first `z.strictObject({ … })` of a source. */
export function schemaKeys(file: string): string[] {
  let keys: string[] | undefined;
  walk(parse(file), (node) => {
    if (keys || !ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const [shape] = node.arguments;
    if (node.expression.name.text !== 'strictObject' || !shape || !ts.isObjectLiteralExpression(shape)) return;
    keys = namesOf(shape.properties);
  });
  if (!keys) throw new Error(`${file} holds no strict object schema`);
  return keys;
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.ES2022, true);
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

function namesOf(members: ts.NodeArray<ts.TypeElement | ts.ObjectLiteralElementLike>): string[] {
  return members.flatMap((member) => (member.name && ts.isIdentifier(member.name) ? [member.name.text] : []));
}
