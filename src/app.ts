import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { answers } from './hooks/answer.ts';
import { authenticate } from './hooks/authenticate.ts';
import { commonHeaders } from './hooks/common-headers.ts';
import { compression } from './hooks/compress.ts';
import { conditional } from './hooks/conditional.ts';
import { cors } from './hooks/cors.ts';
import { declared } from './hooks/declared.ts';
import { dryRuns } from './hooks/dry-run.ts';
import { idempotency } from './hooks/idempotency.ts';
import { salesChannel } from './hooks/interface.ts';
import { jsonBodies } from './hooks/json-body.ts';
import { language } from './hooks/language.ts';
import { malformedAddress, malformedHttp } from './hooks/malformed.ts';
import { metrics } from './hooks/metrics.ts';
import { openapi } from './hooks/openapi.ts';
import { pressure } from './hooks/pressure.ts';
import { problems } from './hooks/problem.ts';
import { published } from './hooks/published.ts';
import { rateLimit } from './hooks/rate-limit.ts';
import { requestIdOf } from './hooks/request-id.ts';
import { requestLog } from './hooks/request-log.ts';
import { routeRules } from './hooks/route-rules.ts';
import { scopes } from './hooks/scopes.ts';
import { serialization } from './hooks/serialize.ts';
import { shutdown } from './hooks/shutdown.ts';
import { validation } from './hooks/validate.ts';
import { addressRoutes } from './routes/addresses.ts';
import { authRoutes } from './routes/auth.ts';
import { blockRoutes } from './routes/blocks.ts';
import { cartRoutes } from './routes/carts.ts';
import { cashRoutes } from './routes/cash.ts';
import { changeRoutes } from './routes/changes.ts';
import { clientRoutes } from './routes/clients.ts';
import { codeRoutes } from './routes/codes.ts';
import { courtesyGivingRoutes, courtesyRoutes } from './routes/courtesies.ts';
import { eventManagementRoutes } from './routes/event-management.ts';
import { eventThingRoutes } from './routes/event-things.ts';
import { eventRoutes } from './routes/events.ts';
import { exchangeRoutes } from './routes/exchanges.ts';
import { exportRoutes } from './routes/exports.ts';
import { guestRoutes } from './routes/guests.ts';
import { healthRoutes } from './routes/health.ts';
import { jobRoutes } from './routes/jobs.ts';
import { liveCodeRoutes } from './routes/live-codes.ts';
import { managedMapRoutes, mapCsvRoutes, wholeMapRoutes } from './routes/managed-maps.ts';
import { managementRoutes } from './routes/management.ts';
import { mapRoutes } from './routes/maps.ts';
import { offlineRoutes } from './routes/offline.ts';
import { paymentRoutes } from './routes/payments.ts';
import { planRoutes } from './routes/plans.ts';
import { postmanRoutes } from './routes/postman.ts';
import { pricingRoutes } from './routes/pricing.ts';
import { privacyRoutes } from './routes/privacy.ts';
import { problemRoutes } from './routes/problems.ts';
import { queueRoutes } from './routes/queues.ts';
import { resourceRoutes } from './routes/resources.ts';
import { subscriptionRoutes } from './routes/subscriptions.ts';
import { ticketFileRoutes } from './routes/ticket-files.ts';
import { ticketRoutes } from './routes/tickets.ts';
import { transferRoutes } from './routes/transfers.ts';
import { userRoutes } from './routes/users.ts';
import { validationRoutes } from './routes/validations.ts';
import { waitlistRoutes } from './routes/waitlist.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import type { System } from './system.ts';

const ONE_MEGABYTE = 1_048_576;

/**
 * The composition root: every hook and every route, by hand and in order. A request runs through the hooks from top to
 * bottom; a route that lacks a scope, a schema or a summary stops the server from booting (hooks/route-rules.ts).
 */
export async function buildApp(system: System): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    logger: false, // with one of its own, Fastify would watch every answer to its end
    childLoggerFactory: requestLog(system.log),
    genReqId: requestIdOf,
    bodyLimit: ONE_MEGABYTE,
    requestTimeout: 30_000,
    trustProxy: system.config.TRUST_PROXY,
    routerOptions: { maxParamLength: 500, ignoreTrailingSlash: false },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    exposeHeadRoutes: false,
    return503OnClosing: false, // what still comes on an open connection is answered, and the connection closed
    frameworkErrors: malformedAddress,
    clientErrorHandler: malformedHttp(system),
  });
  app.decorate('system', system);

  declared(app);
  routeRules(app);
  serialization(app);
  problems(app);
  shutdown(app);
  jsonBodies(app);

  // Before the body is read: who asks, for what, how often.
  commonHeaders(app);
  language(app);
  await metrics(app);
  salesChannel.announce(app); // X-Interface on every answer, refusals included
  await cors(app);
  await pressure(app, { maxDelayMs: system.config.EVENT_LOOP_DELAY }); // after those whose headers its refusals need
  authenticate(app);
  await rateLimit(app); // its headers are on every answer to a token, refusals below included
  salesChannel.choose(app);
  scopes(app);
  published(app);

  // After the body is read.
  validation(app);
  dryRuns(app);
  answers(app);
  idempotency(app);

  // On the way out.
  conditional(app);
  await compression(app);
  await openapi(app);

  await app.register(authRoutes);
  await app.register(resourceRoutes);
  await app.register(managementRoutes);
  await app.register(clientRoutes);
  await app.register(managedMapRoutes);
  await app.register(wholeMapRoutes);
  await app.register(mapCsvRoutes);
  await app.register(eventRoutes);
  await app.register(eventManagementRoutes);
  await app.register(eventThingRoutes);
  await app.register(pricingRoutes);
  await app.register(codeRoutes);
  await app.register(blockRoutes);
  await app.register(mapRoutes);
  await app.register(queueRoutes);
  await app.register(waitlistRoutes);
  await app.register(cartRoutes);
  await app.register(paymentRoutes);
  await app.register(exchangeRoutes);
  await app.register(cashRoutes);
  await app.register(ticketRoutes);
  await app.register(ticketFileRoutes);
  await app.register(liveCodeRoutes);
  await app.register(transferRoutes);
  await app.register(validationRoutes);
  await app.register(offlineRoutes);
  await app.register(courtesyGivingRoutes);
  await app.register(courtesyRoutes);
  await app.register(userRoutes);
  await app.register(addressRoutes);
  await app.register(guestRoutes);
  await app.register(privacyRoutes);
  await app.register(planRoutes);
  await app.register(subscriptionRoutes);
  await app.register(changeRoutes);
  await app.register(webhookRoutes);
  await app.register(exportRoutes);
  await app.register(jobRoutes);
  await app.register(problemRoutes);
  await app.register(postmanRoutes);
  await app.register(healthRoutes);
  return app;
}
