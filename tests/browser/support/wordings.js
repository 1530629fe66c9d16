// What five models say of one letter: three of them nearly the same, two something else.

const BODY = `the customer asks for a new delivery date because the first delivery on 12 March arrived with two broken chairs,
and wants to know who pays for the return of the broken ones. She has photographed the damage, kept the packaging and sent both to the
office in Malmö; the driver confirmed on the spot that the boxes were already torn when they left the depot. She expects an answer
within one week and would otherwise cancel the order for the remaining four chairs`.replaceAll("\n", " ");

export const MODELS = ["even", "close", "same", "other", "alone"];

/** The letter's identifying words, and what each model says of it. */
export const letter = {
  mark: "Letter 17",
  text: "Letter 17. Two of my chairs came broken …",
  gold: {},
  own: {
    even: { summary: `In short, ${BODY}.` },
    same: { summary: `In short, ${BODY.toUpperCase()}.` },
    close: { summary: `In short, ${BODY.replace("one week", "ten days").replace("four chairs", "4 chairs")}.` },
    other: { summary: "The customer complains about broken chairs." },
    alone: { summary: "<b>Somebody</b> wants money back." },
  },
};
