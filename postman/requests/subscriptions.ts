import type { Folder, Item } from './item.ts';

/** Plans are made, changed and deleted by management. */
export const planManagement: Item[] = [
  {
    operation: 'createPlan',
    method: 'POST',
    path: '/plans',
    body: {
      name: 'Young friends',
      kind: 'membership',
      description: 'For those below thirty.',
      benefits: [{ kind: 'percentage', value: 2_000 }],
    },
    status: 201,
    root: 'plan',
    set: { new_plan_id: 'json.plan.id' },
  },
  {
    operation: 'updatePlan',
    method: 'PATCH',
    path: '/plans/{{new_plan_id}}',
    body: {
      benefits: [
        { kind: 'percentage', value: 2_500 },
        { kind: 'presale', hours: 24 },
      ],
    },
    status: 200,
    root: 'plan',
    test: { 'has both benefits': 'json.plan.benefits.length === 2' },
  },
  {
    operation: 'createPlanSetting',
    method: 'POST',
    path: '/plans/{{new_plan_id}}/plan_settings',
    body: {
      name: 'Monthly',
      price: 1_900,
      currency: 'EUR',
      interval: 'month',
      minimum_terms: 3,
      capacity: 500,
    },
    status: 201,
    root: 'plan_setting',
    set: { new_plan_setting_id: 'json.plan_setting.id' },
  },
  {
    operation: 'updatePlanSetting',
    method: 'PATCH',
    path: '/plans/{{new_plan_id}}/plan_settings/{{new_plan_setting_id}}',
    body: { price: 1_500 },
    status: 200,
    root: 'plan_setting',
    test: { 'costs the new price': 'json.plan_setting.price === 1500' },
  },
  {
    operation: 'deletePlanSetting',
    method: 'DELETE',
    path: '/plans/{{new_plan_id}}/plan_settings/{{new_plan_setting_id}}',
    status: 204,
  },
  { operation: 'deletePlan', method: 'DELETE', path: '/plans/{{new_plan_id}}', status: 204 },
];

const subscription = '/subscriptions/{{subscription_id}}';

export const subscriptions: Folder = {
  name: 'Subscriptions',
  description: 'Memberships and season tickets: bought through a cart, renewed by the server.',
  items: [
    {
      operation: 'listPlans',
      method: 'GET',
      path: '/plans',
      status: 200,
      root: 'plans',
      set: { plan_id: "json.plans.find((plan) => plan.kind === 'membership').id" },
    },
    { operation: 'getPlan', method: 'GET', path: '/plans/{{plan_id}}', status: 200, root: 'plan' },
    {
      operation: 'listPlanSettings',
      method: 'GET',
      path: '/plans/{{plan_id}}/plan_settings',
      status: 200,
      root: 'plan_settings',
      set: {
        plan_setting_id: 'json.plan_settings[0].id',
        other_plan_setting_id: 'json.plan_settings[1].id',
      },
    },
    {
      operation: 'getPlanSetting',
      method: 'GET',
      path: '/plans/{{plan_id}}/plan_settings/{{plan_setting_id}}',
      status: 200,
      root: 'plan_setting',
    },
    {
      operation: 'createSubscription',
      method: 'POST',
      path: '/subscriptions',
      headers: { 'Idempotency-Key': '{{$guid}}' },
      body: { plan_setting_id: '{{plan_setting_id}}', user_id: '{{user_id}}' },
      status: 201,
      root: 'subscription',
      set: {
        subscription_id: 'json.subscription.id',
        subscription_cart_id: 'json.subscription.cart_id',
      },
      test: { 'waits to be paid': "json.subscription.status === 'pending'" },
    },
    {
      operation: 'createPayment',
      name: 'Pay it, and let the provider keep the card',
      method: 'POST',
      path: '/carts/{{subscription_cart_id}}/payments',
      body: { method: 'card', card: { token: 'sandbox_approved', save: true } },
      status: 201,
      root: 'payment',
    },
    {
      operation: 'getSubscription',
      method: 'GET',
      path: subscription,
      status: 200,
      root: 'subscription',
      test: {
        'is active': "json.subscription.status === 'active'",
        'renews from the card': 'json.subscription.has_payment_method',
      },
    },
    {
      operation: 'listSubscriptions',
      method: 'GET',
      path: '/subscriptions?status=active',
      status: 200,
      root: 'subscriptions',
    },
    {
      operation: 'listUserSubscriptions',
      method: 'GET',
      path: '/users/{{user_id}}/subscriptions',
      status: 200,
      root: 'subscriptions',
    },
    {
      operation: 'quoteSubscription',
      method: 'GET',
      path: `${subscription}/quote?plan_setting_id={{other_plan_setting_id}}`,
      status: 200,
      root: 'quote',
    },
    {
      operation: 'updateSubscription',
      name: 'Go on by the year after this month',
      method: 'PATCH',
      path: subscription,
      body: { plan_setting_id: '{{other_plan_setting_id}}' },
      status: 200,
      root: 'subscription',
    },
    {
      operation: 'pauseSubscription',
      method: 'POST',
      path: `${subscription}/pause`,
      status: 200,
      root: 'subscription',
      test: { rests: "json.subscription.status === 'paused'" },
    },
    {
      operation: 'resumeSubscription',
      method: 'POST',
      path: `${subscription}/resume`,
      status: 200,
      root: 'subscription',
      test: { 'goes on': "json.subscription.status === 'active'" },
    },
    {
      operation: 'renewSubscription',
      method: 'POST',
      path: `${subscription}/renew`,
      status: 200,
      root: 'subscription',
      test: {
        'has a cart to pay':
          "json.subscription.cart_id !== pm.collectionVariables.get('subscription_cart_id')",
      },
    },
    {
      operation: 'cancelSubscription',
      name: 'Cancel it at the end of the period',
      method: 'DELETE',
      path: `${subscription}?at=period_end`,
      status: 204,
    },
  ],
};
