export default { browserDetails: { browser: "any", version: 0 } };
