/**
 * Promises that nobody awaits, returns, catches or marks with `void` lose their errors. Biome finds most of them, but
 * does not see the types of packages and of Node's own modules; the compiler does. Checks the folders below the
 * current one.
 */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const folders = ['protocols', 'media', 'server', 'device-agent', 'tests'];
const cwd = process.cwd();
const { config } = ts.readConfigFile(join(cwd, 'tsconfig.base.json'), ts.sys.readFile);
const { options, fileNames } = ts.parseJsonConfigFileContent(
  {
    ...config,
    exclude: ['**/generated', '**/dist'],
    include: folders
      .filter((folder) => existsSync(join(cwd, folder)))
      .flatMap((folder) => [`${folder}/**/*.ts`, `${folder}/**/*.tsx`]),
  },
  ts.sys,
  cwd,
  // With what the console's own settings add: what a browser has, and markup in the code.
  {
    ...{ composite: false, declaration: false, noEmit: true, jsx: ts.JsxEmit.ReactJSX },
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  },
);
const program = ts.createProgram(fileNames, options);
const checker = program.getTypeChecker();

const found: string[] = [];
for (const source of program.getSourceFiles()) {
  if (!fileNames.includes(source.fileName)) continue;
  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node) && floats(node.expression)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${relative(cwd, source.fileName)}:${line + 1}: a promise that nobody waits for`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}
process.stdout.write(found.map((line) => `${line}\n`).join(''));
process.stdout.write(`${found.length} floating promises in ${fileNames.length} files\n`);
if (found.length > 0 || fileNames.length === 0) process.exitCode = 1;

/** Whether evaluating this and dropping the result drops a promise with its error. */
function floats(expression: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(expression)) return floats(expression.expression);
  if (ts.isConditionalExpression(expression))
    return floats(expression.whenTrue) || floats(expression.whenFalse);
  if (ts.isBinaryExpression(expression)) {
    // Assigned is kept, not dropped; of `a && b`, `a || b`, `a ?? b` and `a, b` the right side is the result.
    const kind = expression.operatorToken.kind;
    if (kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment) return false;
    return floats(expression.right);
  }
  if (ts.isVoidExpression(expression) || ts.isAwaitExpression(expression)) return false;
  if (!isPromise(checker.getTypeAtLocation(expression))) return false;
  if (!ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression)) return true;
  const { name, expression: before } = expression.expression;
  if (!isPromise(checker.getTypeAtLocation(before))) return true;
  if (name.text === 'catch') return expression.arguments.length < 1;
  if (name.text === 'then') return expression.arguments.length < 2;
  if (name.text === 'finally') return floats(before);
  return true;
}

/** A thenable: `PromiseLike` is enough, as with Prisma's lazy queries. */
function isPromise(type: ts.Type): boolean {
  if (type.isUnion()) return type.types.some(isPromise);
  const then = type.getProperty('then');
  if (then === undefined || (type.flags & ts.TypeFlags.Any) !== 0) return false;
  return checker.getTypeOfSymbol(then).getCallSignatures().length > 0;
}
