import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';

/** Writes an answer by its schema. */
type Serialize = (document: unknown) => string;
type Validate = ReturnType<typeof TypeBoxValidatorCompiler>;

/** No schema of ours refers to another by name. */
const compileAnswer = SerializerSelector()({}, {}) as unknown as (route: {
  readonly schema: object;
}) => Serialize;

/** By schema: the answers of errors are the same object at every route. */
const serializers = new WeakMap<object, Serialize>();

/**
 * What a schema allows is compiled when it is first asked for. All together take most of a second of processor time, which the start
 * would wait for, and of most routes nobody asks on most days. That each can be compiled, a test shows.
 */
export function compileSchemasLate(app: FastifyInstance): void {
  app.setSerializerCompiler(
    ({ schema }) =>
      (document) =>
        serializerOf(schema as object)(document),
  );
  app.setValidatorCompiler((route) => {
    let validate: Validate | undefined;
    return (value: unknown) => {
      validate ??= TypeBoxValidatorCompiler(route as Parameters<typeof TypeBoxValidatorCompiler>[0]);
      return validate(value);
    };
  });
}

/** How answers of a schema are written. Throws what the compiler says of a schema that it cannot read. */
export function serializerOf(schema: object): Serialize {
  let serialize = serializers.get(schema);
  if (serialize === undefined) {
    serialize = compileAnswer({ schema });
    serializers.set(schema, serialize);
  }
  return serialize;
}
