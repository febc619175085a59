/** The part of JSON Schema that the API's document uses. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

const annotations = new Set([
  'description',
  'default',
  'example',
  'examples',
  'format',
  'title',
  'id',
  '$schema',
]);

/**
 * Whether a document's schema accepts a JSON value. Patterns count as Unicode ones, as JSON Schema says.
 * @throws Error at a keyword that it does not know, rather than accept too much.
 */
export function accepts(root: Record<string, JsonSchema>, schema: JsonSchema, value: unknown): boolean {
  if (typeof schema.$ref === 'string') {
    return accepts(root, root[schema.$ref.split('/').at(-1)!]!, value);
  }
  const members = isObject(value) ? Object.entries(value) : [];
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  return Object.entries(schema).every(([keyword, rule]) => {
    if (annotations.has(keyword)) return true;
    switch (keyword) {
      case 'type':
        return [rule].flat().some((type) => isOfType(value, type));
      case 'enum':
        return (rule as unknown[]).includes(value);
      case 'const':
        return value === rule;
      case 'anyOf':
        return (rule as JsonSchema[]).some((inner) => accepts(root, inner, value));
      case 'minimum':
        return typeof value !== 'number' || value >= (rule as number);
      case 'maximum':
        return typeof value !== 'number' || value <= (rule as number);
      case 'exclusiveMinimum':
        return typeof value !== 'number' || value > (rule as number);
      case 'multipleOf':
        return typeof value !== 'number' || Number.isInteger(value / (rule as number));
      case 'minLength':
        return typeof value !== 'string' || value.length >= (rule as number);
      case 'maxLength':
        return typeof value !== 'string' || value.length <= (rule as number);
      case 'pattern':
        return typeof value !== 'string' || new RegExp(rule as string, 'u').test(value);
      case 'items':
        return !Array.isArray(value) || value.every((item) => accepts(root, rule as JsonSchema, item));
      case 'required':
        return !isObject(value) || (rule as string[]).every((name) => Object.hasOwn(value, name));
      case 'properties':
        return members.every(
          ([name, member]) => !Object.hasOwn(properties, name) || accepts(root, properties[name]!, member),
        );
      case 'additionalProperties':
        return rule !== false || members.every(([name]) => Object.hasOwn(properties, name));
      default:
        throw new Error(`the document uses the keyword ${keyword}, which this test does not know yet`);
    }
  });
}

/** A small value that the schema accepts, with every property. */
export function sample(root: Record<string, JsonSchema>, schema: JsonSchema): unknown {
  if (typeof schema.$ref === 'string') return sample(root, root[schema.$ref.split('/').at(-1)!]!);
  if (schema.example !== undefined) return schema.example;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (Array.isArray(schema.anyOf)) return sample(root, schema.anyOf[0]);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(([name, inner]) => [
          name,
          sample(root, inner),
        ]),
      );
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return (schema.minimum as number | undefined) ?? 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return 'x'.repeat((schema.minLength as number | undefined) ?? 1);
  }
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isSafeInteger(value);
    default:
      return typeof value === type;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
