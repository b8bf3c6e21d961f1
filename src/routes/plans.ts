import type { FastifyInstance } from 'fastify';
import { empty, one, whole } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { idParam } from '../schemas/common.ts';
import { Job } from '../schemas/jobs.ts';
import {
  Plan,
  PlanCreate,
  PlanPatch,
  PlanSetting,
  PlanSettingCreate,
  PlanSettingPatch,
} from '../schemas/plans.ts';
import { createPlan, deletePlan, updatePlan } from '../services/plans/change.ts';
import { getPlan, getPlanSetting, listPlanSettings, listPlans } from '../services/plans/row.ts';
import { createPlanSetting, deletePlanSetting, updatePlanSetting } from '../services/plans/settings.ts';
import { issueMissingDates } from '../services/subscriptions/season-dates.ts';

const tag = 'Plans';
const plan = { plan_id: idParam };
const setting = { plan_id: idParam, plan_setting_id: idParam };
const read = { tag, scopes: ['public'], published: true } as const;
const manage = { tag, scopes: ['admin'] } as const;

/** Plans: memberships and season tickets, and the ways to buy them. */
export async function planRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'GET',
    '/plans',
    {
      ...read,
      operation: 'listPlans',
      summary: 'Memberships and season tickets',
      answer: whole('plans', Plan),
    },
    ({ ctx }) => listPlans(ctx),
  );

  route(
    app,
    'POST',
    '/plans',
    {
      ...manage,
      operation: 'createPlan',
      summary: 'Make a plan',
      body: PlanCreate,
      answer: one('plan', Plan, { status: 201, location: ({ id }) => `/plans/${id}` }),
    },
    ({ ctx, body }) => createPlan(ctx, body),
  );

  route(
    app,
    'GET',
    '/plans/:plan_id',
    { ...read, operation: 'getPlan', summary: 'One plan', params: plan, answer: one('plan', Plan) },
    ({ ctx, params }) => getPlan(ctx, params.plan_id),
  );

  route(
    app,
    'PATCH',
    '/plans/:plan_id',
    {
      ...manage,
      operation: 'updatePlan',
      summary: 'Change a plan',
      description: 'Dates that a season gains are issued to its subscribers by a job.',
      params: plan,
      body: PlanPatch,
      ifMatch: true,
      answer: one('plan', Plan),
      problems: ['conflict'],
    },
    ({ ctx, params, body }) => updatePlan(ctx, params.plan_id, body),
  );

  route(
    app,
    'DELETE',
    '/plans/:plan_id',
    {
      ...manage,
      operation: 'deletePlan',
      summary: 'Delete a plan that nobody subscribed to',
      params: plan,
      ifMatch: true,
      answer: empty(),
      problems: ['conflict'],
    },
    ({ ctx, params }) => deletePlan(ctx, params.plan_id),
  );

  route(
    app,
    'POST',
    '/plans/:plan_id/issue',
    {
      ...manage,
      operation: 'issuePlanDates',
      summary: 'Issue the dates of a season to holders who lack them',
      description:
        'As after a change of its dates: a job gives each holder the same seat, or a place of general admission. Those ' +
        'whose seat was taken are listed in its result; once it is free again, this serves them.',
      params: plan,
      answer: one('job', Job, { status: 202, location: ({ id }) => `/jobs/${id}` }),
      problems: ['conflict'],
    },
    ({ ctx, params }) => issueMissingDates(ctx, params.plan_id),
  );

  route(
    app,
    'GET',
    '/plans/:plan_id/plan_settings',
    {
      ...read,
      operation: 'listPlanSettings',
      summary: 'The ways to buy a plan',
      params: plan,
      answer: whole('plan_settings', PlanSetting),
    },
    ({ ctx, params }) => listPlanSettings(ctx, params.plan_id),
  );

  route(
    app,
    'POST',
    '/plans/:plan_id/plan_settings',
    {
      ...manage,
      operation: 'createPlanSetting',
      summary: 'Make a way to buy a plan',
      params: plan,
      body: PlanSettingCreate,
      answer: one('plan_setting', PlanSetting, {
        status: 201,
        location: ({ plan_id, id }) => `/plans/${plan_id}/plan_settings/${id}`,
      }),
    },
    ({ ctx, params, body }) => createPlanSetting(ctx, params.plan_id, body),
  );

  route(
    app,
    'GET',
    '/plans/:plan_id/plan_settings/:plan_setting_id',
    {
      ...read,
      operation: 'getPlanSetting',
      summary: 'One way to buy a plan',
      params: setting,
      answer: one('plan_setting', PlanSetting),
    },
    ({ ctx, params }) => getPlanSetting(ctx, params.plan_id, params.plan_setting_id),
  );

  route(
    app,
    'PATCH',
    '/plans/:plan_id/plan_settings/:plan_setting_id',
    {
      ...manage,
      operation: 'updatePlanSetting',
      summary: 'Change a way to buy a plan',
      params: setting,
      body: PlanSettingPatch,
      ifMatch: true,
      answer: one('plan_setting', PlanSetting),
      problems: ['conflict'],
    },
    ({ ctx, params, body }) => updatePlanSetting(ctx, params.plan_id, params.plan_setting_id, body),
  );

  route(
    app,
    'DELETE',
    '/plans/:plan_id/plan_settings/:plan_setting_id',
    {
      ...manage,
      operation: 'deletePlanSetting',
      summary: 'Delete a way to buy a plan that nobody used',
      params: setting,
      ifMatch: true,
      answer: empty(),
      problems: ['conflict'],
    },
    ({ ctx, params }) => deletePlanSetting(ctx, params.plan_id, params.plan_setting_id),
  );
}
