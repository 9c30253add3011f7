import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaPg } from '@prisma/adapter-pg';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';

export type Provider = 'sqlite' | 'postgresql';

/** The WebAssembly build's glue, which Node cannot load by the package's own entry (it imports the .wasm file). */
interface Glue {
  readonly SchemaEngine: typeof SchemaEngine;
  __wbg_set_wasm(exports: object): void;
}

const require = createRequire(import.meta.url);

/**
 * The SQL that turns a database into what the models say; empty when it is that already. `url` is `file:/path` or
 * `postgresql://…`; the database is only read. `schema` is the joined schema of the provider.
 */
export async function schemaDifference(provider: Provider, url: string, schema: string): Promise<string> {
  const { SchemaEngine: Engine } = await loadGlue();
  const files = [{ path: 'schema.prisma', content: schema }];
  const engine = await Engine.new(
    { datamodels: [['schema.prisma', schema]] },
    () => {},
    adapter(provider, url),
  );
  try {
    const filters = { externalTables: [], externalEnums: [] };
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '.' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters,
    });
    const sql = stdout ?? '';
    return /^\s*-- This is an empty migration\.\s*$/.test(sql) ? '' : sql;
  } finally {
    engine.free();
  }
}

/** The database as the engine wants it: a factory of connections that hand back their errors as values. */
function adapter(provider: Provider, url: string): object {
  const factory = provider === 'sqlite' ? new PrismaBetterSqlite3({ url }) : postgresql(url);
  // The function that makes one comes with every adapter.
  const fromAdapter = createRequire(require.resolve('@prisma/adapter-pg'));
  const utilities: { bindMigrationAwareSqlAdapterFactory(factory: object): object } = fromAdapter(
    '@prisma/driver-adapter-utils',
  );
  return utilities.bindMigrationAwareSqlAdapterFactory(factory);
}

/** The selected columns of that type, without their own alias. */
const INTERNAL_CHARS = /(?<=^\s*)con(?:str)?\.(contype|confdeltype|confupdtype)\b(?=,| AS)/gm;

/** The adapter does not take PostgreSQL's internal type "char", which the engine selects from the catalogue: text does. */
function postgresql(url: string): PrismaPg {
  const factory = new PrismaPg({ connectionString: url });
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const connection = await connect();
    const queryRaw = connection.queryRaw.bind(connection);
    connection.queryRaw = (query) =>
      queryRaw({ ...query, sql: query.sql.replace(INTERNAL_CHARS, '$&::text') });
    return connection;
  };
  return factory;
}

/** As much of WebAssembly as is used here: Node has it, its types do not. */
interface WebAssemblyLoader {
  instantiate(
    bytes: Uint8Array,
    imports: Readonly<Record<string, object>>,
  ): Promise<{ readonly instance: { readonly exports: Readonly<Record<string, () => void>> } }>;
}

let glue: Promise<Glue> | undefined;

function loadGlue(): Promise<Glue> {
  glue ??= (async () => {
    const path = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
    const loaded: Glue = await import(path);
    const wasm = await readFile(path.replace(/\.js$/, '.wasm'));
    const { WebAssembly: loader } = globalThis as unknown as { readonly WebAssembly: WebAssemblyLoader };
    const { instance } = await loader.instantiate(wasm, { './schema_engine_bg.js': loaded });
    loaded.__wbg_set_wasm(instance.exports);
    instance.exports['__wbindgen_start']?.();
    return loaded;
  })();
  return glue;
}
