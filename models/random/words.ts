/** Common English words, the most frequent first: what the random models' vocabularies are made from. */
export const COMMON_WORDS: readonly string[] = `
the to a that of it and i you in is we for so be have but they this if on are what project was manager
as not can with do marketing there like user designer at one interface or about people think just would
more know an professor will by because them all well when some from get something then no how work want
right your could were good things their make which who has had than out time he most now our way up
other very much thing new should use mean say really only my two need language been even also lot go see
these those into any first where me going oh maybe too may actually gap different us doing idea here
better kind why am same look did still got take might big probably sort writing being point design
working start write money chair back many company does software another enough seems important over hard
yes years little problem anything between ideas sure made after great put example languages used find
control least let said done seem few question before users best through next fact means number able
never give his three long try always programming already down own government school tell course web come
someone companies life part off using reason whatever its meeting around instead high end less read
having though looking yet system such bit stuff case making wanted small program thought talk sense
possible bad interesting real ones programs data both whether each change quite five world true far
every often trying year job guess whole him saying button started help group else again last since must
while technology place getting won support makes feel problems keep code without rather students pretty
person yourself ask based together seemed care once everything children learn set common called
understand business everyone talking perhaps four written wrong easy reading sometimes essay later
thinking exactly model day become anyone answer large matter she half word times general early cause
turn type either nothing fast usually starting wrote second applications smart channel almost terms
level rich worth wealth schools words version product away old information couple market million power
questions especially themselves left meant young simple worked deal remember powerful realize process
during popular certainly order certain running tend found features run choose call happen kids
intelligence difference philosophy short experience cost side simply basically functions round given
screen designed research works ten form average server gets several within college today super thanks
hand per pay art particular top build looks nice free twenty useful noise class site sorry move knows
till took jobs particularly figure merely itself buy comes press full live clear test close ago worry
online told bill seen taking needs likely minutes love source her available practice plan anyway notes
current went indeed name human days growth funding kinds knew function imagine obviously asked english
against individual believe continue expensive across book mind percent painting amount ever under term
effect learning add moment except parents show price ways coming public rest numbers says computer
meetings approach others knowledge supposed easier similar specific news open interested happens avoid
learned line quality machine fund decided guys cool house universities months summer sounds single
difficult future expert room health main income education shape worse energy country board morris week
default list special wants syntax development hope office six came consider paid middle math hear
obvious committee unless push sell student partly fine competitors successful stop goes advice third
looked results raise agree create whereas internet issue myself lose hundred university low quickly
social store evidence head huge projects variation advantage takes programmer systems technical offer
cases books feature explain draw computers home businesses decide notice series fifty rate meaning past
asking paper front places tried access although spend building result living forward turned net higher
happy happened save members produce study lives situation whose eight local win groups reasons society
risk zero invest funded definitely expect actual structure mostly firms mistake standard stories print
report services earlier lots created field spent focus key phone self happening page fairly components
child route space heard ensure needed view normal sound investments pick absolutely multiple points
among basic friends bought wait harder designing application value inside scale food performance lost
however extra discovered soon taken suspect bring area natural age types completely libraries play
separate plus costs nature realized matters finished increase wise choice changes dangerous device
signal position solve taste options concept along town sites false month classes develop history
principle chance present surprising note plastic until sign recently task attention range stay fall
ambitious force fun department industry longer somewhere liked standards easily surprised critical
workers discover faster improve face including customers return expected weeks friend various original
hours otherwise ability biggest step rule opposite stage
`
  .trim()
  .split(/\s+/);
