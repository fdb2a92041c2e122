import { parse } from "@babel/parser";

/**
 * One edit of a source text: replaces `[start, end)` by `text`.
 * @typedef {{ operator: string, start: number, end: number, text: string, line: number }} Edit
 */

const SWAPS = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "&&": "||",
  "||": "&&",
};

/** Nodes in which an edit changes a type or a name, never what the program does. */
const INERT = /^(?:TS|Import|Export(?:All|Specifier)|ObjectTypeProperty)/;

/** Edits that change what a source does, one at a time. */
export function mutationsOf(source) {
  const edits = [];
  const textOf = ({ start, end }) => source.slice(start, end);
  visit(parseSource(source), undefined, (node, parent) => {
    const at = (operator, text, target = node) =>
      edits.push({ operator, start: target.start, end: target.end, text, line: target.loc.start.line });
    switch (node.type) {
      case "BinaryExpression":
      case "LogicalExpression": {
        const swapped = SWAPS[node.operator];
        const strings = [node.left, node.right].some(({ type }) =>
          /^(?:StringLiteral|TemplateLiteral)$/.test(type),
        );
        if (swapped !== undefined && !strings)
          at(
            node.type === "LogicalExpression" ? "logical" : /[<>]/.test(swapped) ? "boundary" : "operator",
            `${textOf(node.left)} ${swapped} ${textOf(node.right)}`,
          );
        break;
      }
      case "IfStatement":
      case "ConditionalExpression":
        at("negated condition", `!(${textOf(node.test)})`, node.test);
        break;
      case "BooleanLiteral":
        at("flipped boolean", String(!node.value));
        break;
      case "NumericLiteral":
        if (parent?.type !== "TSLiteralType") at("off by one", String(node.value + 1));
        break;
      case "UnaryExpression":
        if (node.operator === "!") at("dropped not", textOf(node.argument));
        break;
      case "ReturnStatement":
        if (node.argument !== null) at("no result", "return undefined;");
        break;
      case "ExpressionStatement":
        if (/^(?:Call|Await|Assignment|Update)Expression$/.test(node.expression.type))
          at("dropped statement", ";");
        break;
      case "MemberExpression":
        if (textOf(node) === "Math.min") at("other extreme", "Math.max");
        if (textOf(node) === "Math.max") at("other extreme", "Math.min");
        break;
      default:
    }
  });
  return edits;
}

/** Edits that leave what a source does as it was. */
export function twinsOf(source) {
  const edits = [];
  const textOf = ({ start, end }) => source.slice(start, end);
  visit(parseSource(source), undefined, (node, parent) => {
    const at = (operator, text) =>
      edits.push({ operator, start: node.start, end: node.end, text, line: node.loc.start.line });
    if (node.type === "BinaryExpression" && isPlain(node.left) && isPlain(node.right)) {
      const turned = { "===": "===", "!==": "!==", "<": ">", "<=": ">=", ">": "<", ">=": "<=" }[
        node.operator
      ];
      if (turned !== undefined)
        at("turned comparison", `${textOf(node.right)} ${turned} ${textOf(node.left)}`);
    }
    if (node.type === "IfStatement")
      at("spelled-out condition", textOf(node).replace(textOf(node.test), `Boolean(${textOf(node.test)})`));
    if (node.type === "ReturnStatement" && node.argument !== null && parent?.type === "BlockStatement")
      at("explained", `// What the caller asked for.\n${textOf(node)}`);
    if (node.type === "ConditionalExpression")
      at(
        "turned branches",
        `!(${textOf(node.test)}) ? (${textOf(node.alternate)}) : (${textOf(node.consequent)})`,
      );
  });
  return edits;
}

/** Reading it has no effect, so that its place among others does not matter. */
function isPlain({ type }) {
  return /^(?:Identifier|NumericLiteral|StringLiteral|BooleanLiteral|NullLiteral)$/.test(type);
}

/** A text with one edit made. */
export function applyEdit(source, { start, end, text }) {
  return source.slice(0, start) + text + source.slice(end);
}

function parseSource(source) {
  return parse(source, {
    sourceType: "module",
    plugins: ["typescript", "explicitResourceManagement"],
  }).program;
}

function visit(node, parent, see) {
  if (node === null || typeof node !== "object" || typeof node.type !== "string" || INERT.test(node.type))
    return;
  see(node, parent);
  for (const [key, value] of Object.entries(node)) {
    if (key === "loc" || key.endsWith("Comments")) continue;
    if (Array.isArray(value)) for (const item of value) visit(item, node, see);
    else visit(value, node, see);
  }
}

/** A sample that takes turns among the groups, the same for the same seed. */
export function sample(items, count, groupOf, seed = 1) {
  const random = mulberry(seed);
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(groupOf(item)) ?? [];
    group.push(item);
    groups.set(groupOf(item), group);
  }
  for (const group of groups.values())
    for (let at = group.length - 1; at > 0; at--) {
      const other = Math.floor(random() * (at + 1));
      [group[at], group[other]] = [group[other], group[at]];
    }
  const taken = [];
  while (taken.length < count && [...groups.values()].some((group) => group.length > 0))
    for (const group of groups.values())
      if (group.length > 0 && taken.length < count) taken.push(group.pop());
  return taken;
}

function mulberry(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
