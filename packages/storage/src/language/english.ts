import { stemmer } from "stemmer";
import type { SearchLanguage } from "./language.ts";

const words = (text: string): readonly string[] => text.split(" ");

/** English, the language that search knows unless it is told another. */
export const ENGLISH: SearchLanguage = {
  name: "en",
  stopWords: words(
    "a about above after again against all am an and any are aren as at be because been before being below between both " +
      "but by can cannot could couldn d did didn do does doesn doing don down during each few for from further had hadn has " +
      "hasn have haven having he her here hers herself him himself his how i if in into is isn it its itself just let ll m " +
      "me might more most must my myself need no nor not now o of off on once only or other our ours ourselves out over own " +
      "re s same shall she should shouldn so some such t than that the their theirs them themselves then there these they " +
      "this those through to too under until up us ve very was wasn we were weren what when where which while who whom why " +
      "will with won would wouldn y you your yours yourself yourselves",
  ),
  forms: (
    "arise arose arisen,beat beaten,become became,begin began begun,bend bent,bind bound,bite bit bitten," +
    "bleed bled,blow blew blown,break broke broken,breed bred,bring brought,build built,burn burnt,buy bought,catch caught," +
    "choose chose chosen,cling clung,come came,creep crept,deal dealt,die died death,dig dug,do did done,draw drew drawn," +
    "dream dreamt,drink drank drunk,drive drove driven,eat ate eaten,fall fell fallen,feed fed,feel felt,fight fought," +
    "find found,flee fled,fly flew flown,forbid forbade forbidden,forget forgot forgotten,forgive forgave forgiven," +
    "freeze froze frozen,get got gotten,give gave given,go went gone,grow grew grown,hang hung,hear heard," +
    "hide hid hidden,hold held,keep kept,kneel knelt,know knew known,lay laid,lead led,lean leant,leap leapt,learn learnt," +
    "leave left,lend lent,lie lay lain,lose lost loss,make made,marry married marriage wedding,mean meant,meet met," +
    "mistake mistook mistaken,overcome overcame,pay paid,ride rode ridden,ring rang rung,rise rose risen,run ran,say said," +
    "see saw seen,seek sought,sell sold sale,send sent,shake shook shaken,shine shone,shoot shot,show shown,shrink shrank shrunk," +
    "sing sang sung,sink sank sunk,sit sat,sleep slept,slide slid,speak spoke spoken,speed sped,spell spelt,spend spent," +
    "spill spilt,spin spun,spoil spoilt,spring sprang sprung,stand stood,steal stole stolen,stick stuck,sting stung," +
    "strike struck,string strung,strive strove,swear swore sworn,sweep swept,swell swollen,swim swam swum,swing swung," +
    "take took taken,teach taught,tear tore torn,tell told,think thought,throw threw thrown,undergo underwent," +
    "understand understood,wake woke woken,wear wore worn,weave wove woven,weep wept,win won,withdraw withdrew," +
    "write wrote written,child children kid kids,person people,man men,woman women,foot feet,tooth teeth,mouse mice," +
    "goose geese,wife wives,knife knives"
  )
    .split(",")
    .map(words),
  time: /\b(?:yesterday|today|tonight|tomorrow|ago|since|recently|last (?:week|month|year|night|summer|winter|spring|fall|weekend|\w+day)|next (?:week|month|year|summer|winter|spring|fall|weekend|\w+day)|this (?:week|month|year|morning|weekend)|(?:19|20)\d\d|(?:jan|febr)uary|march|april|june|july|august|(?:septem|octo|novem|decem)ber|(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d{1,2}(?::\d\d)? ?[ap]m|(?:\d+|an?|two|three|four|five|six|seven|eight|nine|ten|few|several) (?:minute|hour|day|week|month|year)s?)\b/i,
  asksForTime:
    /\b(?:when|how long|how old|what (?:date|day|time|month|year)|which (?:date|day|month|year)|since when|until when)\b/i,
  months: words("January February March April May June July August September October November December"),
  stem: stemmer,
};
