import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import {
  codec,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  IdSchema,
  TokenCreatedSchema,
  TokenCreateSchema,
  TokenListSchema,
  TokenSchema,
} from '#protocols';
import { type MadeToken, tokenView } from '../../domain/accounts/api-token-service.ts';
import { permission } from '../access.ts';
import { act } from '../act.ts';
import { personName } from '../person-name.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

/** What is kept of a creation: the secret is not. */
const keptTokenCodec = codec('kept answer', Type.Object({ id: IdSchema }));

/** Tokens for machines. */
export const tokenRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { apiTokens, directory } = services.people;
    const view = (token: MadeToken['token']) => tokenView(token, personName(directory));
    const tags = ['tokens'];
    const shown = ({ token, secret }: MadeToken) => ({ token: view(token), secret });

    app.get(
      '/tokens',
      {
        config: permission('token:read'),
        schema: { summary: 'Tokens of the actor’s areas', tags, response: { 200: TokenListSchema } },
      },
      async (request) => ({ tokens: apiTokens.list(actorOf(request)).map(view) }),
    );

    app.post(
      '/tokens',
      {
        config: permission('token:write'),
        schema: {
          summary: 'A token for a machine; its secret is shown this once',
          tags,
          headers: IdempotencyHeadersSchema,
          body: TokenCreateSchema,
          response: { 201: TokenCreatedSchema },
        },
      },
      (request, reply) =>
        act(
          services,
          request,
          reply,
          async (tx, actor) => {
            const made = await apiTokens.create(tx, actor, request.body);
            return { status: 201, body: shown(made), stored: { id: made.token.id } };
          },
          {
            replay: async (tx, kept) => {
              const { id } = keptTokenCodec.check(kept);
              return shown(await apiTokens.secretAgain(tx, actorOf(request), id));
            },
          },
        ),
    );

    app.delete(
      '/tokens/:id',
      {
        config: permission('token:write'),
        schema: {
          summary: 'End a token at once',
          tags,
          headers: IdempotencyHeadersSchema,
          params: IdParamsSchema,
          response: { 200: TokenSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: view(await apiTokens.revoke(tx, actor, request.params.id)),
        })),
    );
  };
