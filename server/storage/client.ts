import { PrismaClient as PostgresqlClient } from './generated/postgresql/client.ts';
import { type Prisma, PrismaClient as SqliteClient } from './generated/sqlite/client.ts';

/** The models, outside or inside a transaction. Both providers' clients come from the same models. */
export type Models = Prisma.TransactionClient;

/** A whole client of either provider. */
export type Client = SqliteClient;

type AdapterFactory = NonNullable<ConstructorParameters<typeof SqliteClient>[0]['adapter']>;

export function sqliteClient(adapter: AdapterFactory): Client {
  return new SqliteClient({ adapter });
}

export function postgresqlClient(adapter: AdapterFactory): Client {
  // Same models, other dialect: the types differ in names only (and in a text filter that is not used here).
  return new PostgresqlClient({ adapter }) as unknown as Client;
}
